"""Who is at work in a runs folder: one `bench run` of each plan at a time, or one command that changes all of it.

A run holds the lock of its plan, a command such as `bench sync` that of the folder. Each looks for the other kind
before it takes its own, behind a gate that lets one process at a time look and take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.contracts.errors import BenchError
from bench.records import fence

GATE = ".gate"
"""The gate's file in a runs folder. It is held for a moment only."""
SUFFIX = ".lock"
"""The end of the name of a plan's lock, in the folder of the plans."""
Waiting = Callable[[str], object] | None
"""What is called with a line that says who else is at work, before the wait for it; None: do not wait."""


@contextmanager
def on_plan(plan: str, runs: Path, waiting: Waiting = None) -> Iterator[None]:
    """Work on one plan of a folder. Others may work on other plans at the same time.

    BenchError if another process works on the plan or on the whole folder; with `waiting`, wait for it instead.
    """
    own = runs / "plans" / f"{plan}{SUFFIX}"
    with _entered(runs, own, lambda: [runs / fence.NAME], waiting, "give another --plan"):
        yield


@contextmanager
def on_all(runs: Path, waiting: Waiting = None) -> Iterator[None]:
    """Work on a whole folder, alone. BenchError if another process is at work there; with `waiting`, wait for it."""

    def plans() -> list[Path]:
        return sorted(path for path in runs.glob(f"plans/*{SUFFIX}") if path.name != fence.NAME)

    with _entered(runs, runs / fence.NAME, plans, waiting, "give --runs another folder"):
        yield


@contextmanager
def _entered(
    runs: Path, own: Path, others: Callable[[], Iterable[Path]], waiting: Waiting, remedy: str
) -> Iterator[None]:
    """Hold the lock `own` once nobody holds it or one of the others."""
    with ExitStack() as stack:
        while (taken := _take(runs, own, others, stack)) is not None:
            told = f"another bench is at work in {runs}{_of(taken)}"
            if waiting is None:
                raise BenchError(f"{told}; wait for it with --wait, or {remedy}") from None
            waiting(f"{told}; waiting for it")
            with fence.held(taken.path, fence.FOREVER):
                pass
        yield


def _take(runs: Path, own: Path, others: Callable[[], Iterable[Path]], stack: ExitStack) -> fence.Taken | None:
    """Take the lock `own`, or return which lock another process holds."""
    with fence.held(runs / GATE, fence.FOREVER):
        try:
            for path in others():
                if path.exists():
                    with fence.held(path):
                        pass
            stack.enter_context(fence.held(own))
        except fence.Taken as taken:
            return taken
    return None


def _of(taken: fence.Taken) -> str:
    """Return on what plan the other process works, and who it is."""
    name = taken.path.name.removesuffix(SUFFIX)
    plan = f" on plan {name}" if name else ""
    return plan + (f" ({taken.holder})" if taken.holder else "")
