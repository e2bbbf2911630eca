"""Trainers that break their contract, their process or their folder, each in its own way; `FAULTS` names them all.

Each class is a fault. Beside it other cells go on, and end on the numbers that they have without it.
"""

from __future__ import annotations

import builtins
import ctypes
import json
import os
import resource
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bench.contracts.data import SequenceData
from bench.contracts.trainer import Phase, Stateful

from .trainers import Knobs, Places, Tiny

Draw = Callable[[Places, int, torch.Generator], Any]
Rate = Callable[[Places, Tensor], Any]


def own_folder() -> Path:
    """Return the folder of the cell that this process works on: it holds the lock there."""
    for lock in Path("runs").absolute().glob("*/.lock"):
        if lock.is_file() and f'"pid": {os.getpid()},' in lock.read_text():
            return lock.parent
    raise LookupError("no cell is locked by this process")


class Drawing(Places):
    """A generator that draws or rates in its own way."""

    draw: Draw | None = None
    rate: Rate | None = None

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Any:
        own = type(self).draw
        return super().sample(count, rng=rng) if own is None else own(self, count, rng)

    def log_prob(self, sequences: Tensor) -> Any:
        own = type(self).rate
        return super().log_prob(sequences) if own is None else own(self, sequences)


class Critic(Tiny):
    """What happens in its second phase is `act`."""

    def act(self) -> Any:
        """Do what the class is named after."""

    def critic(self) -> Any:
        found = self.act()
        return super().critic() if found is None else found


FAULTS: dict[str, type] = {}


def fault(act: Callable[[], Any]) -> None:
    """Make a trainer of a function: its second phase calls it, and returns what it returns."""
    name = "".join(part.title() for part in act.__name__.split("_"))
    FAULTS[name] = type(name, (Critic,), {"act": lambda self: act(), "__doc__": act.__doc__, "__module__": __name__})
    globals()[name] = FAULTS[name]


def drawing(name: str, draw: Draw | None = None, rate: Rate | None = None) -> None:
    """Make a trainer whose generator draws or rates otherwise."""
    places = type(f"{name}Places", (Drawing,), {"draw": draw, "rate": rate, "__module__": __name__})

    def init(self: Any, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        Tiny.__init__(self, data, settings, device, rng)
        self.generator = places(data.length, len(data.vocabulary))
        self.momentum.parameter = self.generator.logits

    FAULTS[name] = type(name, (Tiny,), {"__init__": init, "__module__": __name__})
    globals()[name] = FAULTS[name]


def drawn(places: Places, count: int, rng: torch.Generator) -> Tensor:
    return Places.sample(places, count, rng=rng)


drawing("DrawsWithGradients", lambda p, n, g: drawn(p, n, g).float().requires_grad_())
drawing("DrawsOnMeta", lambda p, n, g: drawn(p, n, g).to("meta"))
drawing("DrawsSparse", lambda p, n, g: drawn(p, n, g).to_sparse())
drawing("DrawsTooFew", lambda p, n, g: drawn(p, n, g)[: n - 1])
drawing("DrawsComplex", lambda p, n, g: drawn(p, n, g).to(torch.complex64))
drawing("DrawsNegative", lambda p, n, g: -1 - drawn(p, n, g))
drawing("DrawsNothing", lambda p, n, g: None)
drawing("DrawsLists", lambda p, n, g: drawn(p, n, g).tolist())
drawing("DrawsABillion", lambda p, n, g: torch.zeros((), dtype=torch.int64).expand(10**9, 5))
drawing("ExitsInSample", lambda p, n, g: sys.exit(0))
drawing("RatesNan", rate=lambda p, s: torch.full(s.shape, torch.nan))
drawing("RatesAboveNought", rate=lambda p, s: torch.ones(s.shape))
drawing("RatesOnMeta", rate=lambda p, s: torch.zeros(s.shape, device="meta"))
drawing("RatesOneNumber", rate=lambda p, s: 0.0)
drawing("RatesWrongShape", rate=lambda p, s: torch.zeros(1))
drawing("RatesInfinity", rate=lambda p, s: torch.full(s.shape, -torch.inf))


class Lying(Exception):
    """Its __class__ says that it is another."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return KeyboardInterrupt


class Nameless(type):
    """A metaclass whose classes have a name that cannot be read."""

    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise SystemExit(0)


class Unnamed(Exception, metaclass=Nameless):
    """Its type has no name."""


class NoText(Exception):
    """str() of it returns no text."""

    def __str__(self) -> Any:
        return 3


@fault
def raises_lying() -> None:
    raise Lying("it lies")


@fault
def raises_unnamed() -> None:
    raise Unnamed("no name")


@fault
def raises_no_text() -> None:
    raise NoText


@fault
def raises_a_group() -> None:
    raise BaseExceptionGroup("several", [KeyboardInterrupt(), SystemExit(0)])


@fault
def raises_keyboard_interrupt() -> None:
    raise KeyboardInterrupt


@fault
def raises_generator_exit() -> None:
    raise GeneratorExit


@fault
def raises_stop_iteration() -> None:
    raise StopIteration


@fault
def raises_interrupted() -> None:
    from bench.engine.driver import Interrupted

    raise Interrupted


@fault
def raises_bare_os_error() -> None:
    raise OSError


@fault
def raises_full_disk() -> None:
    raise OSError(28, "No space left on device", "/some/where\x1b[31m")


@fault
def raises_a_long_chain() -> None:
    error: BaseException | None = None
    for number in range(5_000):
        new = ValueError(number)
        new.__cause__, error = error, new
    assert error is not None
    raise error


@fault
def raises_a_circle() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    raise one


@fault
def raises_much_text() -> None:
    raise ValueError("x" * 50_000_000)


@fault
def raises_notes() -> None:
    error = ValueError("with notes")
    error.__notes__ = ["\udcff\x1b[31m", 3, None]  # type: ignore[list-item]
    raise error


@fault
def recurses() -> None:
    recurses_again()


def recurses_again() -> None:
    recurses_again()


@fault
def returns_text() -> Any:
    return "loss"


@fault
def returns_many_values() -> Any:
    return {f"value {number}": 0.0 for number in range(100_000)}


@fault
def returns_gradients() -> Any:
    return {"loss": torch.ones((), requires_grad=True) * 2}


@fault
def returns_meta() -> Any:
    return {"loss": torch.ones((), device="meta")}


@fault
def returns_complex() -> Any:
    return {"loss": 1j}


@fault
def returns_hostile_names() -> Any:
    return {"=cmd\x1b[31m\u202e": 0.0}


class Refusing(dict[str, float]):
    """A dict that cannot be read."""

    def items(self) -> Any:
        raise SystemExit(0)

    keys = values = __iter__ = __len__ = items


@fault
def returns_refusing() -> Any:
    return Refusing(loss=0.0)


@fault
def returns_huge() -> Any:
    return {"loss": 1e30}


@fault
def returns_big_integer() -> Any:
    return {"loss": 10**400}


@fault
def closes_output() -> None:
    os.close(1)
    os.close(2)


@fault
def closes_all() -> None:
    os.closerange(0, 4096)
    raise ValueError("nothing is open")


@fault
def closes_all_and_goes_on() -> None:
    os.closerange(0, 4096)


@fault
def closes_python_output() -> None:
    sys.stdout.close()
    sys.stderr.close()
    sys.stdout = sys.stderr = None


@fault
def aborts() -> None:
    os.abort()


@fault
def crashes() -> None:
    ctypes.string_at(0)


@fault
def leaves_with_nought() -> None:
    os._exit(0)


@fault
def kills_its_group() -> None:
    os.killpg(0, signal.SIGKILL)


@fault
def kills_its_server() -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(600)


@fault
def halts_its_server() -> None:
    os.kill(os.getppid(), signal.SIGSTOP)


@fault
def terminates_itself() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.kill(os.getpid(), signal.SIGTERM)


@fault
def joins_the_group_of_bench() -> None:
    os.setpgid(0, os.getpgid(os.getppid()))


@fault
def leaves_a_deaf_child() -> None:
    if not os.fork():
        for number in range(1, 32):
            if number not in (signal.SIGKILL, signal.SIGSTOP):
                signal.signal(number, signal.SIG_IGN)
        if not os.fork():
            os.setsid()
        time.sleep(600)


@fault
def leaves_many_threads() -> None:
    for _ in range(200):
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()


@fault
def sets_an_alarm() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    time.sleep(600)


@fault
def writes_no_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@fault
def has_no_memory_left() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (2**20, 2**20))


@fault
def has_no_time_left() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (0, 1))
    while True:
        pass


@fault
def breaks_json() -> None:
    json.dumps = None  # type: ignore[assignment]


@fault
def breaks_open() -> None:
    builtins.open = os.open = Path.open = None  # type: ignore[assignment,method-assign]


@fault
def turns_the_clock_back() -> None:
    time.time = lambda: -1.0
    time.monotonic = time.perf_counter = lambda: float("nan")


@fault
def traces() -> None:
    def trace(*_: Any) -> Any:
        raise SystemExit(0)

    sys.settrace(trace)


@fault
def masks_files() -> None:
    os.umask(0o777)


@fault
def leaves_no_current_folder() -> None:
    folder = Path(__file__).parent / f"gone-{os.getpid()}"
    folder.mkdir()
    os.chdir(folder)
    folder.rmdir()


@fault
def removes_its_folder() -> None:
    shutil.rmtree(own_folder())


@fault
def puts_a_file_for_its_folder() -> None:
    folder = own_folder()
    shutil.rmtree(folder)
    folder.write_text("no folder")


@fault
def puts_a_folder_for_its_journal() -> None:
    path = own_folder() / "journal.jsonl"
    path.unlink()
    path.mkdir()


@fault
def puts_a_pipe_for_its_journal() -> None:
    path = own_folder() / "journal.jsonl"
    path.unlink()
    os.mkfifo(path)


@fault
def puts_a_device_for_its_journal() -> None:
    path = own_folder() / "journal.jsonl"
    path.unlink()
    path.symlink_to("/dev/zero")


@fault
def puts_a_pipe_for_its_cell() -> None:
    path = own_folder() / "cell.json"
    path.unlink()
    os.mkfifo(path)


@fault
def puts_a_device_for_its_cell() -> None:
    path = own_folder() / "cell.json"
    path.unlink()
    path.symlink_to("/dev/zero")


@fault
def writes_noise_into_its_journal() -> None:
    with (own_folder() / "journal.jsonl").open("ab") as file:
        file.write(b"\0\xff\x1b[31m" * 1_000 + b'\n[]\n{"event": []}\n{"event": "done"}\n' + b"[" * 100_000 + b"\n")


@fault
def repeats_its_journal() -> None:
    path = own_folder() / "journal.jsonl"
    path.write_bytes(b"".join(reversed(path.read_bytes().splitlines(True))) * 2)


@fault
def empties_its_journal() -> None:
    os.truncate(own_folder() / "journal.jsonl", 0)


@fault
def fills_its_checkpoint() -> None:
    shutil.rmtree(own_folder() / "checkpoint", ignore_errors=True)
    (own_folder() / "checkpoint").write_text("no folder")


@fault
def links_its_checkpoint_to_itself() -> None:
    shutil.rmtree(own_folder() / "checkpoint", ignore_errors=True)
    (own_folder() / "checkpoint").symlink_to("checkpoint")


@fault
def puts_a_folder_for_its_samples() -> None:
    (own_folder() / "samples.txt" / "within").mkdir(parents=True, exist_ok=True)


@fault
def puts_a_pipe_for_its_lock() -> None:
    path = own_folder() / ".lock"
    path.unlink()
    os.mkfifo(path)


class EndlessPhases(Tiny):
    """Its phases have no end."""

    def phases(self) -> Iterator[Phase]:  # type: ignore[override]
        while True:
            yield Phase("again", 1, self.mle)


class RaisingPhases(Tiny):
    """Its phases cannot be listed."""

    def phases(self) -> Any:
        raise SystemExit(0)


class PhasesOfNothing(Tiny):
    """Its phases are no phases."""

    def phases(self) -> Any:
        return [None, ("mle", 1), Phase("x", -1, self.mle)]


class TwiceNamedPhases(Tiny):
    """Two phases have one name."""

    def phases(self) -> Any:
        return [*super().phases(), *super().phases()]


class RoundState(Tiny):
    """Its state holds itself."""

    def state(self) -> dict[str, Stateful]:
        return {**super().state(), "round": Round()}


class Round:
    """A part whose state holds itself."""

    def state_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        found["self"] = found
        return found

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take nothing."""


class FailingState(Tiny):
    """Its state cannot be told from the second time on."""

    asked = 0

    def state(self) -> dict[str, Stateful]:
        self.asked += 1
        if self.asked > 1:
            raise KeyboardInterrupt
        return super().state()


class StateOfCode(Tiny):
    """Its state holds code."""

    def state(self) -> Any:
        return {**super().state(), "code": lambda: 3}


class Deleting:
    """It does not let go."""

    def __del__(self) -> None:
        time.sleep(600)


class HangsInDel(Tiny):
    """An object of it hangs when it is deleted."""

    def critic(self) -> dict[str, Any]:
        vars(sys)["held"] = Deleting()
        return super().critic()


OTHERS: tuple[type, ...] = (
    EndlessPhases,
    RaisingPhases,
    PhasesOfNothing,
    TwiceNamedPhases,
    RoundState,
    FailingState,
    StateOfCode,
    HangsInDel,
)
FAULTS |= {cls.__name__: cls for cls in OTHERS}
