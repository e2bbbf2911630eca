"""Run baselines on datasets from Python, as `bench run` does, and return the scores."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.contracts.errors import BenchError
from bench.engine import beside, session, terminal
from bench.engine.device import resolve_device
from bench.engine.job import TIME_LIMIT
from bench.engine.memory import gib_to_bytes
from bench.engine.planned import planned
from bench.planning import preset as presets
from bench.planning.request import Request
from bench.records.results import load_results
from bench.toolkit.corpora.fetch import Corpora

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console


def run(
    baselines: str | Sequence[str],
    datasets: str | Sequence[str],
    *,
    preset: str | Path = "quick",
    seeds: int | None = None,
    overrides: Mapping[str, Any] | None = None,
    jobs: int = 1,
    device: str = "auto",
    plan: str | None = None,
    data: str = "auto",
    corpus: Sequence[str] = (),
    runs: str | Path = "runs",
    tracking_uri: str | None = None,
    metrics: Sequence[str] = (),
    wait: bool = False,
    time_limit: float = TIME_LIMIT,
    memory_limit: float | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Run every baseline on every dataset over seeds; return a row for each score, as `load_results` does.

    The arguments are the options of `bench run`; `overrides` is its --set: {"mle.rate": 0.005}. Cells that are finished
    in `runs` are not run again. Each cell has a process of its own, also with jobs=1. The process does not run the
    calling script, so no `if __name__ == "__main__"` is needed. A cell that fails has the status "failed" and its
    error. BenchError says what is wrong with the arguments; Ctrl-C, SIGTERM and SIGHUP save, then raise
    KeyboardInterrupt.
    """
    request = Request(
        baselines=_several("baselines", baselines),
        datasets=_several("datasets", datasets),
        preset=presets.read(str(preset)),
        overrides=tuple(_override(path, value) for path, value in (overrides or {}).items()),
        seeds=seeds,
        device=resolve_device(device),
        name=plan,
    )
    _refuse_too_small("at least 1", {"seeds": seeds, "jobs": jobs})
    _refuse_too_small("more than 0", {"time_limit": time_limit, "memory_limit": memory_limit})
    own = beside.parsed(metrics)
    made, seen = planned(request, corpora := Corpora.from_environment(data, corpus))
    beside.refuse_unfit(made, own, corpora)
    setup = session.Setup(corpora, Path(runs), jobs, None, tracking_uri, wait, time_limit, gib_to_bytes(memory_limit))
    session.run(made, setup, _console(progress), seen)
    if own and (records := beside.finished(made, setup)):
        beside.judge(records, made, setup, own)
    frame = load_results(runs, made.name)
    return frame[frame["cell"].isin({cell.id for cell in made.cells})].reset_index(drop=True)


def _refuse_too_small(least: str, values: Mapping[str, float | None]) -> None:
    """Raise BenchError if a number that is given is below `least`."""
    for name, value in values.items():
        if value is not None and not (value >= 1 if least == "at least 1" else value > 0):
            raise BenchError(f"{name} = {value}: give {least}")


def _console(progress: bool) -> Console:
    live = None if sys.stdout is sys.__stdout__ else False  # a notebook gets plain lines
    file = terminal.unfailing(sys.stdout)  # a reader that leaves stops no training
    return terminal.console(file, quiet=not progress, force_jupyter=False, force_terminal=live)


def _several(kind: str, given: str | Sequence[str]) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given)
    if wrong := next((name for name in names if not isinstance(name, str)), None):
        raise BenchError(
            f"{kind}: {wrong!r:.60} is not a name; give a class by its file, as in 'my_gan.py:MyGan', because each "
            "cell loads it in a process of its own"
        )
    if not names:
        raise BenchError(f"{kind} is empty: name at least one")
    return names


def _override(path: str, value: Any) -> tuple[str, str, Any]:
    """Return ("mle", "rate", 0.005) for "mle.rate"."""
    owner, dot, knob = path.rpartition(".")
    if not (owner and dot and knob):
        raise BenchError(f"overrides: {path!r}: write NAME.KNOB, as in 'mle.rate'")
    return owner, knob, value
