"""For the engine's tests: a dataset and trainers in files outside the repository, as a third party writes them."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from bench.engine import job
from bench.engine.job import Context
from bench.planning import plan as planning
from bench.planning import preset
from bench.planning.cell import Cell
from bench.planning.request import Request
from bench.records.journal import write_cell
from bench.toolkit.corpora.fetch import Corpora

DATASET = '''
from dataclasses import dataclass

import numpy as np

from bench.contracts.data import SequenceData, Source
from bench.contracts.knobs import knob
from bench.contracts.metric import Scores
from bench.contracts.seeding import numpy_rng
from bench.contracts.vocabulary import Vocabulary
from bench.toolkit.corpora.replay import Replay
from bench.toolkit.metrics.nll import NLLTest


@dataclass(frozen=True)
class Knobs:
    rows: int = knob(150, low=30, help="sequences in all")


class Ones:
    """The share of ones."""

    name = "ones"
    better = "higher"

    def signature(self):
        return "ones|version:1"

    def score(self, generated, data):
        shares = (generated.sequences == 1).mean(axis=1)
        return Scores(float(shares.mean()), shares)


class Words:
    Settings = Knobs

    def __init__(self, settings, corpora):
        self.settings = settings

    def load(self):
        every = np.stack(np.meshgrid(*[np.arange(4)] * 5), axis=-1).reshape(-1, 5)
        rows = numpy_rng("tiny words").permutation(every[(every == 1).sum(1) >= 2])[: self.settings.rows]
        tenth = len(rows) // 5
        vocabulary = Vocabulary(("zero", "one", "two", "three"))
        source = Source("tiny words", "0" * 64, "MIT", "generated")
        return SequenceData(rows[2 * tenth :], rows[:tenth], rows[tenth : 2 * tenth], vocabulary, source)

    def metrics(self, data):
        return [Ones(), NLLTest(data)]

    def real(self, data):
        return Replay(data.valid)
'''

TRAINER = '''
import math
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from bench.contracts.knobs import knob
from bench.contracts.trainer import Phase
from bench.toolkit.training.counter import Counter


@dataclass(frozen=True)
class Knobs:
    epochs: int = knob(3, low=0, high=10_000, help="of each of the two phases that train the model")
    rate: float = knob(2.0, low=0.0, help="of descent")


class Places(torch.nn.Module):
    """A distribution over the tokens for each place."""

    def __init__(self, length, words):
        super().__init__()
        self.logits = torch.nn.Parameter(torch.zeros(length, words))

    def sample(self, count, *, rng, temperature=1.0):
        return torch.multinomial(self.logits.detach().softmax(1), count, replacement=True, generator=rng).T

    def log_prob(self, sequences):
        return self.logits.log_softmax(1)[torch.arange(sequences.shape[1]), sequences].detach()


class Momentum:
    """Gradient descent with momentum; torch.optim takes seconds to import."""

    def __init__(self, parameter, rate):
        self.parameter, self.rate, self.steps = parameter, rate, 0
        self.velocity = torch.zeros_like(parameter)

    def step(self, loss):
        (gradient,) = torch.autograd.grad(loss, [self.parameter])
        self.velocity.mul_(0.9).add_(gradient)
        self.steps += 1
        with torch.no_grad():
            self.parameter.sub_(self.rate * self.velocity)

    def state_dict(self):
        return {"velocity": self.velocity.clone(), "steps": self.steps}

    def load_state_dict(self, state):
        self.velocity, self.steps = state["velocity"], state["steps"]


class Tiny:
    """Three phases: the model, something beside it, the model again from its own samples."""

    Settings = Knobs

    def __init__(self, data, settings, device, rng):
        self.settings, self.rng = settings, rng
        self.train = torch.from_numpy(data.train)
        self.generator = Places(data.length, len(data.vocabulary))
        self.momentum = Momentum(self.generator.logits, settings.rate)
        self.seen = Counter()

    def phases(self):
        epochs = self.settings.epochs
        return [
            Phase("mle", epochs, self.mle),
            Phase("critic", 2, self.critic, trains_generator=False),
            Phase("tune", epochs, self.tune),
        ]

    def state(self):
        return {"generator": self.generator, "momentum": self.momentum, "seen": self.seen}

    def step(self, rows):
        log_p = self.generator.logits.log_softmax(1)[torch.arange(rows.shape[1]), rows]
        loss = -log_p.mean()
        self.momentum.step(loss)
        return {"loss": loss}

    def mle(self):
        return self.step(self.train[torch.randint(len(self.train), (16,), generator=self.rng)])

    def critic(self):
        self.seen.value += 1
        return {"loss": float(torch.rand((), generator=self.rng))}

    def tune(self):
        rows = self.generator.sample(16 + self.seen.value, rng=self.rng)
        return self.step(rows)


class Slow(Tiny):
    """Each epoch takes a while."""

    def mle(self):
        time.sleep(0.05)
        return super().mle()


class Waits(Tiny):
    """Each epoch waits for a file beside this one: `go`, which a test makes, or the stop file of `context`.

    After minutes it gives up: the test has failed.
    """

    def mle(self):
        until = time.monotonic() + 300
        while not any(Path(__file__).with_name(name).exists() for name in ("go", "stop")):
            if time.monotonic() > until:
                raise TimeoutError("nobody said go")
            time.sleep(0.01)
        return super().mle()


class Halts(Waits):
    """Its first two epochs wait for nothing, the others for a file: it cannot end before a test has seen it train."""

    done = 0

    def mle(self):
        self.done += 1
        return super().mle() if self.done > 2 else Tiny.mle(self)


class Replaces(Tiny):
    """A new object takes the generator's place at each step."""

    def step(self, rows):
        former = self.generator
        self.generator = Places(*former.logits.shape)
        self.generator.load_state_dict(former.state_dict())
        self.momentum.parameter = self.generator.logits
        return super().step(rows)


class Spoils(Tiny):
    """The third epoch of the first phase gives its best model; the last phase begins worse, and is best in its second.

    A quality of 1 stands for the token counts of each place, 0 for all tokens alike.
    """

    QUALITY = (0.3, 0.6, 1.0, 0.2, 0.5, 0.4)

    def step(self, rows):
        counts = torch.nn.functional.one_hot(self.train).sum(0)
        with torch.no_grad():
            self.generator.logits.copy_(self.QUALITY[self.momentum.steps] * counts.log1p())
        self.momentum.steps += 1
        return {"loss": 0.0}


class Stuck(Tiny):
    """An epoch that does not end."""

    def mle(self):
        time.sleep(600)


class Raises(Tiny):
    def tune(self):
        raise RuntimeError("the critic\\nhas left")


class Exits(Tiny):
    def mle(self):
        raise SystemExit(0)


class Diverges(Tiny):
    def tune(self):
        loss = super().tune()
        return loss if self.momentum.steps < 5 else {"loss": math.nan}


class Outside(Tiny):
    """Its generator knows a word too many."""

    def __init__(self, data, settings, device, rng):
        super().__init__(data, settings, device, rng)
        self.generator = Places(data.length, len(data.vocabulary))
        self.generator.sample = lambda count, rng, temperature=1.0: torch.full((count, data.length), 4)


class Dies(Tiny):
    """Its process is killed in the middle of training."""

    def critic(self):
        os.kill(os.getpid(), 9)


class Vanishes(Tiny):
    """Its process ends as if all were well."""

    def critic(self):
        os._exit(0)


class Lingers(Tiny):
    """A thread that does not end, nor lets its process end."""

    def critic(self):
        threading.Thread(target=time.sleep, args=(600,)).start()
        return super().critic()


class Marks(Tiny):
    """Refuses to work where it has worked before."""

    def __init__(self, *given):
        assert not hasattr(torch, "mark") and "MARK" not in os.environ
        torch.mark = os.environ["MARK"] = "was here"
        super().__init__(*given)
'''


hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test, and each worker that it starts, takes one core."""
    import torch

    torch.set_num_threads(1)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def words(tmp_path: Path) -> str:
    """The reference of a tiny dataset: 4 words, T = 5."""
    path = tmp_path / "words.py"
    path.write_text(DATASET)
    return f"{path}:Words"


@pytest.fixture
def trainers(tmp_path: Path) -> Callable[[str], str]:
    """The reference of a tiny trainer by its class's name: Tiny, or one that breaks in its own way."""
    path = tmp_path / "trainers.py"
    path.write_text(TRAINER)
    return lambda name: f"{path}:{name}"


@pytest.fixture
def corpora(tmp_path: Path) -> Corpora:
    """Samples only: nothing is looked for."""
    return Corpora(tmp_path / "cache", "sample")


@pytest.fixture
def context(tmp_path: Path, corpora: Corpora) -> Context:
    """Where a test's cells are run."""
    return Context(tmp_path / "runs", corpora, tmp_path / "stop", grace=300)  # no test fails for a slow machine


@pytest.fixture
def make_cell(words: str, trainers: Callable[[str], str], context: Context) -> Callable[..., Cell]:
    """One planned cell of a tiny trainer on the tiny dataset, its folder made; keywords are --set overrides."""

    def make(name: str = "Tiny", seed: int = 0, **knobs: Any) -> Cell:
        wanted: dict[str, Any] = {"evaluation__curve_every": 1, "evaluation__samples": 30} | knobs
        sets = [
            (owner or name, key, value) for path, value in wanted.items() for owner, _, key in [path.rpartition("__")]
        ]
        request = Request((trainers(name),), (words,), preset.read("smoke"), tuple(sets), seeds=seed + 1)
        cell = planning.make(request, context.corpora).cells[-1]
        write_cell(cell, context.runs)
        return cell

    return make


@pytest.fixture(scope="session")
def migrated_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty MLflow store, migrated once for all tests: first contact takes seconds."""
    from bench.records.tracker import Tracker

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    Tracker(f"sqlite:///{path}").prepare()
    return path


@pytest.fixture
def make_folder(tmp_path: Path, migrated_store: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Make a folder with an empty MLflow store, mlflow.db, the current one."""

    def make(name: str) -> Path:
        path = tmp_path / name
        path.mkdir()
        shutil.copy(migrated_store, path / "mlflow.db")
        monkeypatch.chdir(path)
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        return path

    return make


@pytest.fixture
def folder(make_folder: Callable[[str], Path]) -> Path:
    """A fresh current folder with an empty MLflow store."""
    return make_folder("work")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C as in a terminal: a shell's background job, as a CI step may be, starts with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class AtOnce:
    """A backend that does each cell in this process."""

    def prepare(self) -> None:
        pass

    def run(self, cells: Sequence[Cell], context: Context, tick: Callable[[], None]) -> list[Cell]:
        for cell in cells:
            job.run(cell, context)
        tick()
        return []


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells are run in the test's own process."""
    monkeypatch.setattr("bench.engine.pool.choose", lambda *_: AtOnce())
