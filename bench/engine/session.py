"""One `bench run`: the plan's unfinished cells through the pool, each into MLflow as it ends, then the tables."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from bench.contracts.errors import BenchError, folded
from bench.engine import pool
from bench.engine.estimate import expected
from bench.engine.job import Context
from bench.engine.progress import Progress
from bench.judging import strange
from bench.planning.plan import Plan
from bench.records import one_name, provenance
from bench.records import plans as kept_plans
from bench.records.journal import Journal, Record, read_record, write_cell

if TYPE_CHECKING:
    from bench.planning.cell import Cell
    from bench.records.tracker import Tracker
    from bench.toolkit.corpora.fetch import Corpora

INTERRUPTED = 130


@dataclass(frozen=True)
class Setup:
    """Where and how a plan is carried out; none of it changes a number."""

    corpora: Corpora
    runs: Path
    out: Path
    jobs: int
    cluster: str | None = None
    tracking_uri: str | None = None


def run(plan: Plan, setup: Setup, console: Console | None = None) -> int:
    """Carry out a plan; returns 0, 1 where a cell failed, 130 after Ctrl-C or SIGTERM."""
    from bench.records.tracker import Tracker

    console = console or Console()
    _check_writable(setup.out)
    if _unfinished(plan, setup.runs):
        pool.choose(setup.jobs, setup.cluster).prepare()
    with locked(setup.runs):
        _announce(plan, console)
        tracker = Tracker(setup.tracking_uri)
        tracker.prepare()
        _refuse_taken_names(plan, setup.runs, tracker)
        facts = provenance.facts() | {"preset": plan.preset}
        for cell in plan.cells:
            write_cell(cell, setup.runs)
        cells = kept_plans.write(plan.name, {cell.id: facts | {"label": cell.label} for cell in plan.cells}, setup.runs)
        interrupted = _carry_out(plan, setup, console, _bringing(tracker, plan.name, cells, console))
        project_plan(tracker, plan.name, cells, setup.runs)
    if interrupted:
        console.print("interrupted; everything finished is kept: the same command continues from here")
        return INTERRUPTED
    return _report(plan, setup, tracker, console)


def _refuse_taken_names(plan: Plan, runs: Path, tracker: Tracker) -> None:
    """A corpus never takes the place of another one of its name, in the runs folder or in the plan as it is tracked."""
    new = [one_name.of_cell(cell) for cell in plan.cells]
    one_name.refuse_taken(new, one_name.in_runs(runs, plan.name), str(runs))
    one_name.refuse_taken(new, tracker.corpora(plan.name), f"plan {plan.name} of {tracker.uri}")


def project_plan(tracker: Tracker, plan: str, cells: Mapping[str, dict[str, str]], runs: Path) -> int:
    """Bring a kept plan's cells into MLflow but those at work or not begun (what is there already stays); how many.

    Interrupted ones too: they have no score, but a curve as far as they ran. BenchError where the store fails.
    """
    records = [read_record(runs / key) for key in cells if (runs / key / "cell.json").exists()]
    ended = [record for record in records if record.status in ("done", "failed", "interrupted")]
    for record in ended:
        try:
            tracker.project(record, plan, cells[record.folder.name])
        except BenchError as error:
            raise BenchError(f"{error}; {runs} keeps everything: mend the store, then `bench sync`") from error
    return len(ended)


def _bringing(
    tracker: Tracker, plan: str, cells: Mapping[str, dict[str, str]], console: Console
) -> Callable[[Record], object]:
    """Brings a cell into MLflow as it ends; where that fails, says so once and goes on: journals are the truth."""
    told = False

    def bring(record: Record) -> None:
        """As `Progress` calls it, with a cell that ended."""
        nonlocal told
        try:
            tracker.project(record, plan, cells[record.cell.id])
        except Exception as error:  # training goes on whatever a store does; project_plan meets it again at the end
            if not told:
                text = f"not in MLflow yet: {folded(error)}; training goes on, all is brought in at its end"
                console.print(text, markup=False, highlight=False, style="yellow", soft_wrap=True)
            told = True

    return bring


def _unfinished(plan: Plan, runs: Path) -> list[Cell]:
    """The cells whose journal does not end with "done", those without a folder among them."""
    records = [Record(cell, runs / cell.id, tuple(Journal(runs / cell.id).read())) for cell in plan.cells]
    return [record.cell for record in records if record.status != "done"]


def _carry_out(plan: Plan, setup: Setup, console: Console, ended: Callable[[Record], object]) -> bool:
    """Run what is not done; whether Ctrl-C or SIGTERM ended it."""
    cells = _unfinished(plan, setup.runs)
    kept = len(plan.cells) - len(cells)
    console.print(f"{len(cells)} cells to run, {kept} kept from before, {setup.jobs} at a time", highlight=False)
    if not cells:
        return False
    runs = setup.runs.resolve()  # a cluster's workers have folders of their own
    stop = runs / f".stop.{os.getpid()}.{time.time_ns()}"  # of this run alone: one may be left, and its number return
    context = Context(runs, setup.corpora, stop)
    cells.sort(key=lambda cell: cell.seed)
    with Progress(plan.cells, setup.runs, setup.jobs, console, ended, expected(plan.cells, plan.datasets)) as shown:
        try:
            with _ending_as_by_ctrl_c():
                pool.run_all(cells, context, setup.jobs, shown.tick, setup.cluster)
        except KeyboardInterrupt:
            return True
        finally:
            if stop.exists():
                console.print("the cluster's workers save and leave at the end of their epoch: run again after that")
    return False


@contextmanager
def _ending_as_by_ctrl_c() -> Iterator[None]:
    """Let SIGTERM, with which batch systems announce the end of a job, interrupt as Ctrl-C does.

    Python takes signals in its main thread only; in another thread nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _report(plan: Plan, setup: Setup, tracker: Tracker, console: Console) -> int:
    """Write the tables, show their first columns, and say where the rest is."""
    from bench.reporting.write import how_to_look, print_summary, write_report

    paths, tables = write_report(tracker, plan.name, setup.out)
    print_summary(tables, console)
    failed = [r for r in (read_record(setup.runs / cell.id) for cell in plan.cells) if r.status == "failed"]
    for record in failed:
        cell, log = record.cell, record.folder / "error.log"
        if log.exists():
            text = f"traceback of {cell.dataset_label} {cell.label} seed {cell.seed}: {log}"
            console.print(text, markup=False, style="red", soft_wrap=True)
    console.print(how_to_look(tracker, setup.out, paths), markup=False, highlight=False, soft_wrap=True)
    return 1 if failed else 0


def _announce(plan: Plan, console: Console) -> None:
    """Name every sample corpus before the work, in one line; then say what is strange about any corpus."""
    sources = {label: opened.data.source for label, opened in plan.datasets.items()}
    samples = [f"{label} ({source.file})" for label, source in sources.items() if source.kind == "sample"]
    if samples:
        text = f"SAMPLE CORPUS: {', '.join(samples)}: made by the code; no number of theirs is a published result"
        console.print(text, markup=False, style="bold yellow", soft_wrap=True)
    for label, opened in plan.datasets.items():
        for remark in strange.of_corpus(opened, label.partition(":")[0]):
            console.print(f"{label}: {remark}", markup=False, highlight=False, style="bold yellow", soft_wrap=True)


def _check_writable(out: Path) -> None:
    """Hours of training must not end before a folder that takes no tables."""
    out.mkdir(parents=True, exist_ok=True)
    if not os.access(out, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(out))


@contextmanager
def locked(runs: Path) -> Iterator[None]:
    """One `bench run` or `bench sync` at a time in a folder; BenchError where another is at work."""
    from filelock import FileLock, Timeout

    runs.mkdir(parents=True, exist_ok=True)
    lock = FileLock(runs / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BenchError(f"another bench is at work in {runs}: wait for it, or give --runs another folder") from None
    try:
        yield
    finally:
        lock.release()
