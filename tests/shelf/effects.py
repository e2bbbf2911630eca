"""Side effects on the whole process, by name, for trainers that cause one when imported, when trained or when sampled.

Each effect is what a careless or hostile plug-in does. None looks at who runs it.
"""

from __future__ import annotations

import atexit
import builtins
import decimal
import faulthandler
import gc
import importlib
import locale
import logging
import os
import random
import resource
import signal
import sys
import tempfile
import threading
import time
import types
import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook

from bench.contracts.data import SequenceData, Source
from bench.contracts.trainer import Phase, Stateful
from bench.contracts.vocabulary import Vocabulary
from bench.toolkit.training.generator import PolicyKnobs
from bench.toolkit.training.learner import PolicyLearner

EFFECTS: dict[str, Callable[[], object]] = {}


def patch(owner: object, name: str, value: object) -> None:
    """Put something in the place of what an object, a class or a module has."""
    setattr(owner, name, value)


def effect(function: Callable[[], object]) -> Callable[[], object]:
    """Enter a function as the effect of its name."""
    EFFECTS[function.__name__] = function
    return function


# torch


@effect
def matmul_precision() -> None:
    torch.set_float32_matmul_precision("medium")


@effect
def default_dtype() -> None:
    torch.set_default_dtype(torch.float64)


@effect
def grad_mode() -> None:
    torch.set_grad_enabled(False)


@effect
def inference_mode() -> None:
    torch._C._InferenceMode(True).__enter__()  # type: ignore[no-untyped-call]


@effect
def default_device() -> None:
    torch.set_default_device("meta")


@effect
def autocast() -> None:
    torch.set_autocast_enabled("cpu", True)


@effect
def mkldnn_flags() -> None:
    torch.backends.mkldnn.set_flags(False, True)  # type: ignore[no-untyped-call]


@effect
def cudnn_flags() -> None:
    torch.backends.cudnn.enabled = False
    torch.backends.cudnn.benchmark = True


@effect
def deterministic_algorithms() -> None:
    torch.use_deterministic_algorithms(True)


@effect
def threads() -> None:
    torch.set_num_threads(3)


@effect
def flush_denormal() -> None:
    torch.set_flush_denormal(True)


@effect
def anomaly_detection() -> None:
    torch.autograd.set_detect_anomaly(True)


@effect
def torch_seed() -> None:
    torch.manual_seed(0)


@effect
def module_hook() -> None:
    def doubled(module: torch.nn.Module, given: Any, output: Any) -> Any:
        return output * 2 if isinstance(output, torch.Tensor) else None

    torch.nn.modules.module.register_module_forward_hook(doubled)


@effect
def optimizer_hook() -> None:
    def halved(optimizer: torch.optim.Optimizer, *_: object) -> None:
        for group in optimizer.param_groups:
            group["lr"] /= 2

    register_optimizer_step_pre_hook(halved)


@effect
def function_mode() -> None:
    class Doubles(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function: Any, kinds: Any, given: Any = (), named: Any = None) -> Any:
            found = function(*given, **(named or {}))
            return found * 2 if function in (torch.sigmoid, torch.nn.functional.log_softmax) else found

    Doubles().__enter__()  # type: ignore[no-untyped-call]


@effect
def patched_lstm() -> None:
    forward = torch.nn.LSTM.forward
    patch(torch.nn.LSTM, "forward", lambda *given: forward(*given)[::-1])
    patch(torch, "lstm_cell", lambda inputs, hidden, *_: hidden)


@effect
def patched_tensor() -> None:
    softmax = torch.Tensor.log_softmax
    patch(torch.Tensor, "log_softmax", lambda self, *given, **named: 2 * softmax(self, *given, **named))
    multinomial = torch.multinomial
    patch(torch, "multinomial", lambda weights, *given, **named: multinomial(weights.flip(-1), *given, **named))


@effect
def sharing_strategy() -> None:
    torch.multiprocessing.set_sharing_strategy("file_system")  # type: ignore[no-untyped-call]


# bench


@effect
def patched_metric() -> None:
    from bench.toolkit.metrics import bleu, nll

    patch(bleu.Bleu, "score", lambda self, generated, data: None)
    patch(nll, "per_sequence_nll", lambda *given: np.zeros(len(given[1])))


@effect
def patched_index() -> None:
    from bench.toolkit.metrics.bleu import BleuIndex

    build = BleuIndex.__init__
    patch(BleuIndex, "__init__", lambda self, rows, **named: build(self, rows[:3], **named))


@effect
def patched_sampler() -> None:
    from bench.toolkit.models.lstm import LSTM

    sample = LSTM.sample
    patch(LSTM, "sample", lambda self, count, **named: sample(self, count, **named).flip(1))


@effect
def patched_seeding() -> None:
    from bench.contracts import seeding

    patch(seeding, "derive", lambda *names: 7)
    patch(sys.modules["bench.planning.cell"], "derive", seeding.derive)


@effect
def patched_evaluator() -> None:
    from bench.judging import evaluator

    patch(evaluator, "draw", lambda generator, count, data, rng: data.train[:count])


@effect
def patched_dataset() -> None:
    text = importlib.import_module("bench.datasets.text").Text
    load = text.load

    def shuffled(self: object) -> SequenceData:
        data: SequenceData = load(self)
        data.train[:] = data.train[:, ::-1].copy()
        return data

    text.load = shuffled


@effect
def patched_journal() -> None:
    from bench.records.journal import Record

    patch(Record, "status", property(lambda self: "done"))


def of_kind(kind: type) -> list[Any]:
    """Return all objects of a class that the garbage collector knows."""
    return [found for found in gc.get_objects() if type(found) is kind]


@effect
def vocabulary_start() -> None:
    for words in of_kind(Vocabulary):
        object.__setattr__(words, "start", 1)
    Vocabulary.start = 1


@effect
def vocabulary_tokens() -> None:
    for words in of_kind(Vocabulary):
        object.__setattr__(words, "tokens", words.tokens[::-1])


@effect
def falsified_source() -> None:
    for source in of_kind(Source):
        object.__setattr__(source, "licence", "false")
        object.__setattr__(source, "kind", "published")
    patch(Source, "__post_init__", lambda self: object.__setattr__(self, "sha256", "f" * 64))


@effect
def written_arrays() -> None:
    for data in of_kind(SequenceData):
        data.train.sort(axis=1)


@effect
def weights_of_others() -> None:
    for module in gc.get_objects():
        if issubclass(type(module), torch.nn.Module):
            for weights in module.parameters():
                weights.data.zero_()


# numpy and other libraries


@effect
def numpy_errors() -> None:
    np.seterr(all="raise")


@effect
def numpy_seed() -> None:
    np.random.seed(0)


@effect
def numpy_printing() -> None:
    np.set_printoptions(precision=1, threshold=2)


@effect
def patched_numpy() -> None:
    mean = np.mean
    patch(np, "mean", lambda *given, **named: 2 * mean(*given, **named))
    patch(np.random, "default_rng", None)


@effect
def pandas_options() -> None:
    import pandas as pd

    pd.set_option("display.precision", 1)
    patch(pd.DataFrame, "to_parquet", lambda self, *_, **__: b"")


# Python


@effect
def random_seed() -> None:
    random.seed(0)


@effect
def patched_builtins() -> None:
    builtins.sum = max  # type: ignore[assignment]
    builtins.sorted = list  # type: ignore[assignment]
    builtins.added = 1  # type: ignore[attr-defined]


@effect
def lost_open() -> None:
    builtins.open = None  # type: ignore[assignment]


@effect
def search_path() -> None:
    sys.path.clear()


@effect
def modules() -> None:
    for name in ("json", "bench.engine.driver", "torch.nn.functional", "numpy"):
        sys.modules[name] = types.ModuleType(name)


@effect
def lost_modules() -> None:
    for name in [name for name in sys.modules if name.startswith(("bench.", "numpy."))]:
        del sys.modules[name]


@effect
def import_hook() -> None:
    class Refuses:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            raise ImportError(name)

    sys.meta_path.insert(0, Refuses)


@effect
def environment() -> None:
    os.environ.clear()
    os.environ.update(OMP_NUM_THREADS="3", BENCH_DATA="/nowhere", MLFLOW_TRACKING_URI="sqlite:///other.db")


@effect
def current_folder() -> None:
    os.chdir("/")


@effect
def umask() -> None:
    os.umask(0o777)


@effect
def locales() -> None:
    locale.setlocale(locale.LC_ALL, "C")


@effect
def time_zone() -> None:
    os.environ["TZ"] = "Asia/Tokyo"
    time.tzset()


@effect
def clock() -> None:
    time.time = time.monotonic = time.perf_counter = lambda: 0.0


@effect
def alarm() -> None:
    signal.signal(signal.SIGALRM, lambda *_: os._exit(9))
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)


@effect
def default_alarm() -> None:
    signal.setitimer(signal.ITIMER_REAL, 1.0)


@effect
def interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


@effect
def file_limit() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))


@effect
def size_limit() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


@effect
def processor_limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (1, 1))


@effect
def lost_descriptors() -> None:
    os.closerange(0, 64)


@effect
def niceness() -> None:
    os.nice(5)


@effect
def warning_filters() -> None:
    warnings.simplefilter("error")


@effect
def logs() -> None:
    logging.disable(logging.CRITICAL)
    logging.basicConfig(filename=os.devnull, force=True)
    logging.raiseExceptions = True


@effect
def at_exit() -> None:
    atexit.register(os._exit, 5)


def ends(*_: object) -> None:
    """End the process."""
    os._exit(6)


@effect
def hooks_of_errors() -> None:
    sys.excepthook = sys.unraisablehook = threading.excepthook = ends


@effect
def lost_output() -> None:
    sys.stdout = sys.stderr = None


@effect
def closed_output() -> None:
    sys.stdout.close()
    os.close(1)


@effect
def garbage_collection() -> None:
    gc.disable()
    gc.freeze()


@effect
def recursion() -> None:
    sys.setrecursionlimit(max(60, len(list(sys._current_frames())) + 60))


@effect
def decimals() -> None:
    decimal.getcontext().prec = 1
    decimal.DefaultContext.prec = 1


@effect
def start_method() -> None:
    import multiprocessing

    multiprocessing.set_start_method("fork", force=True)
    multiprocessing.set_executable("/nowhere")


@effect
def switch_interval() -> None:
    sys.setswitchinterval(100.0)


@effect
def faults() -> None:
    faulthandler.dump_traceback_later(0.2, exit=True, file=2)


@effect
def tracing() -> None:
    def trace(*_: object) -> None:
        raise RuntimeError("traced")

    sys.settrace(trace)
    sys.setprofile(lambda *_: None)
    threading.settrace(trace)


@effect
def audit_hook() -> None:
    def refuse(name: str, _given: object) -> None:
        if name == "subprocess.Popen":
            raise RuntimeError("no process for you")

    sys.addaudithook(refuse)


@effect
def digits_of_integers() -> None:
    sys.set_int_max_str_digits(700)


@effect
def temporary_folder() -> None:
    tempfile.tempdir = "/nowhere"


@effect
def busy_thread() -> None:
    def write() -> None:
        while True:
            random.random()
            torch.rand(3)
            np.random.rand()
            torch.set_grad_enabled(False)

    threading.Thread(target=write, daemon=True).start()


@effect
def data_folders() -> None:
    import nltk.data

    nltk.data.path[:] = []


class Trains:
    """The toolkit's generator and pre-training; a class of a test's file causes an effect at one place of its work."""

    Settings: ClassVar[type] = PolicyKnobs
    effect: ClassVar[str] = ""
    place: ClassVar[str] = "import"

    def __init_subclass__(cls) -> None:
        if cls.place == "import":
            EFFECTS[cls.effect]()

    def __init__(self, data: SequenceData, settings: PolicyKnobs, device: torch.device, rng: torch.Generator) -> None:
        if self.place == "train":
            EFFECTS[self.effect]()
        self._learner = PolicyLearner(data, settings, device, rng)
        self.generator = self if self.place == "sample" else self._learner.generator

    def phases(self) -> Sequence[Phase]:
        return self._learner.phases(self._step)

    def _step(self) -> dict[str, float]:
        samples = self._learner.sample()
        return self._learner.reinforce(samples, (samples % 2 == 0).float())

    def state(self) -> dict[str, Stateful]:
        return self._learner.state()

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> torch.Tensor:
        """Return (count, T) samples; after the effect, if this is its place."""
        EFFECTS[self.effect]()
        found: torch.Tensor = self._learner.generator.sample(count, rng=rng, temperature=temperature)
        return found
