"""Run a plan: start its unfinished cells, and write each to MLflow as it ends."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.engine import pool, probe, signals, terminal
from bench.engine.board import duration
from bench.engine.estimate import expected
from bench.engine.job import TIME_LIMIT, Context, unrecorded
from bench.engine.progress import Progress
from bench.engine.seen import Seen, facts
from bench.planning.plan import Plan
from bench.records import at_work, fence, one_name, provenance
from bench.records import plans as kept_plans
from bench.records.journal import Journal, Record, checked_record_of, record_of, write_cell
from bench.records.live import Live
from bench.records.mirror import Mirror
from bench.records.plans import Entries, Entry
from bench.records.runs import RunsFolder
from bench.records.tracker import Tracker

if TYPE_CHECKING:
    from rich.console import Console

    from bench.planning.cell import Cell
    from bench.toolkit.corpora.fetch import Corpora


STALE = 24 * 3600.0
"""Seconds after which no worker of a cluster still looks for a stop file."""


@dataclass(frozen=True)
class Setup:
    """Where and how to run a plan; nothing here changes a number.

    `wait` says whether to wait for another bench that is at work on the same plan, or changes the whole runs folder.
    The limits are those of `Context`.
    """

    corpora: Corpora
    runs: Path
    jobs: int
    cluster: str | None = None
    tracking_uri: str | None = None
    wait: bool = False
    time_limit: float = TIME_LIMIT
    memory_limit: int | None = None


class Ended(NamedTuple):
    """How a run ended: its exit code, and whether the tracking store holds all its cells that ended."""

    code: int
    tracked: bool


def run(plan: Plan, setup: Setup, console: Console | None = None, seen: Mapping[str, Seen] | None = None) -> Ended:
    """Run a plan's cells and record them; the code is 0 if all are done, 1 if a cell failed.

    `seen` are the facts of the datasets, by label, if the plan did not open them itself. It writes no tables: `bench
    run` does so afterwards. A tracking store that fails stops nothing. After Ctrl-C, SIGTERM or SIGHUP the workers
    save, the cells are recorded, and the KeyboardInterrupt is raised again.
    """
    console = console or terminal.console()
    known = seen or {label: facts(opened, label) for label, opened in plan.datasets.items()}
    if _unfinished(plan, setup.runs):
        pool.choose(setup.jobs, setup.cluster).prepare()
    waiting = partial(console.print, markup=False, highlight=False, soft_wrap=True) if setup.wait else None
    with at_work.on_plan(plan.name, setup.runs, waiting):
        _announce(known, console)
        warn = partial(console.print, markup=False, highlight=False, style="yellow", soft_wrap=True)
        mirror = Mirror(Tracker(setup.tracking_uri), plan.name, setup.runs, warn)
        _refuse_taken_names(plan, setup.runs, mirror)
        mirror.entries = _enter(plan, setup.runs)
        stop = _carry_out(plan, setup, console, mirror, known)
        if stop is None:
            _tell_unrecorded(plan, setup.runs, console)
            _tell_unsound(plan, setup.runs, console)
        tracked = mirror.finish()
    if stop is not None:
        console.print("everything finished is kept: the same command continues from here")
        raise stop
    return Ended(1 if failed(plan, setup.runs) else 0, tracked)


def _enter(plan: Plan, runs: Path) -> Entries:
    """Write the cells and the plan into the runs folder, and return the plan's entries."""
    tags = provenance.tags() | {"preset": plan.preset}
    for cell in plan.cells:
        write_cell(cell, runs)
    wanted = {
        cell.id: Entry(tags=tags, label=cell.label, dataset=cell.dataset_label, seed=cell.seed) for cell in plan.cells
    }
    return kept_plans.write(plan.name, wanted, runs)


def failed(plan: Plan, runs: Path) -> list[Record]:
    """Return the records of the plan's cells that are not done: those that failed, are damaged, or left no trace."""
    records = (record_of(cell, runs / cell.id) for cell in plan.cells)
    return [record for record in records if record.status != "done"]


def _tell_unrecorded(plan: Plan, runs: Path, console: Console) -> None:
    """Name the cells whose journals do not tell how they ended, and write that they failed if there is room now."""
    for record in failed(plan, runs):
        if record.failure is not None or record.damage:
            continue
        cell, told = record.cell, unrecorded(record.cell, runs)
        why = told.error
        try:
            Journal(record.folder).append(told)
        except OSError as error:
            why = f"{cell.label}: cannot write {error.filename}: {error.strerror}"
        text = f"failed: {cell.dataset_label} {why}; make room, and run again"
        console.print(text, markup=False, highlight=False, style="red", soft_wrap=True)


def _tell_unsound(plan: Plan, runs: Path, console: Console) -> None:
    """Name in one line the rows whose trainers fail a quick check of their contract."""
    ended = ((cell.label, record_of(cell, runs / cell.id).done) for cell in plan.cells)
    labels = dict.fromkeys(label for label, done in ended if done and done.problems)
    if labels:
        what = "the quick check of the contract fails, so the scores may mean nothing; `bench check` says more"
        console.print(f"{', '.join(labels)}: {what}", markup=False, highlight=False, style="yellow", soft_wrap=True)


def _refuse_taken_names(plan: Plan, runs: Path, mirror: Mirror) -> None:
    """Raise BenchError if another corpus has the name of one of the plan, in the runs folder or in MLflow."""
    new = [one_name.of_cell(cell) for cell in plan.cells]
    one_name.refuse_taken(new, one_name.in_runs(RunsFolder(runs), plan.name), str(runs))
    one_name.refuse_taken(new, mirror.corpora(), f"plan {plan.name} of {mirror.tracker.uri}")


def _unfinished(plan: Plan, runs: Path) -> list[Record]:
    """Return the cells that are not done and whole, with those that have no folder yet, the lowest seed first."""
    records = (checked_record_of(cell, runs / cell.id) for cell in _in_order(plan))
    return [record for record in records if record.status != "done"]


def _in_order(plan: Plan) -> list[Cell]:
    """Return the cells in the order of running: seed by seed, so that every arm soon has a score."""
    return sorted(plan.cells, key=lambda cell: cell.seed)


def _set_damaged_aside(records: Sequence[Record], console: Console) -> None:
    """Say which of the cells are damaged, and let them begin anew; not a cell that another bench is at work on."""
    for record in records:
        if not record.damage:
            continue
        cell = record.cell
        with suppress(fence.Taken), fence.held(record.folder / fence.NAME, remove=True):
            damage = checked_record_of(cell, record.folder).damage
            if damage:  # still: another bench may have mended it
                text = f"{cell.dataset_label} {cell.label} seed {cell.seed} is damaged, and runs again: {damage}"
                console.print(text, markup=False, highlight=False, style="yellow", soft_wrap=True)
                Journal(record.folder).set_aside()


def _carry_out(
    plan: Plan, setup: Setup, console: Console, mirror: Mirror, seen: Mapping[str, Seen]
) -> KeyboardInterrupt | None:
    """Run the cells that are not done; return the Ctrl-C or the signal that ended the run, if one did."""
    records = _unfinished(plan, setup.runs)
    cells = [record.cell for record in records]
    kept = len(plan.cells) - len(cells)
    console.print(f"{len(cells)} cells to run, {kept} kept from before, {setup.jobs} at a time", highlight=False)
    if not cells:
        return None
    _set_damaged_aside(records, console)
    runs = setup.runs.resolve()  # a cluster's workers have other current folders
    _sweep(runs)
    stop = runs / f".stop.{os.getpid()}.{time.time_ns()}"  # unique: an old file may remain, and a process id may return
    context = Context(runs, setup.corpora, stop, time_limit=setup.time_limit, memory_limit=setup.memory_limit)
    times = expected(plan.cells, {label: one.sizes for label, one in seen.items()}, probe.apart)
    began = time.monotonic()
    with Progress(_in_order(plan), setup.runs, setup.jobs, console, mirror.bring, times) as shown:
        try:
            with signals.raised():
                pool.run_all(cells, context, setup.jobs, partial(_tick, shown, Live(mirror)), setup.cluster)
        except KeyboardInterrupt as stopped:
            return stopped
        finally:
            shutil.rmtree(context.own_shelves, ignore_errors=True)
            if stop.exists():
                console.print("the cluster's workers save and leave at the end of their epoch: run again after that")
    count = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
    console.print(f"{count} in {duration(time.monotonic() - began)}", highlight=False)
    return None


def _sweep(runs: Path) -> None:
    """Remove stop files that nobody waits for, and shelves: a killed run left them, or a cluster long since at rest."""
    for left in runs.glob(".stop.*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime <= STALE:
                continue
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink()


def _tick(shown: Progress, live: Live) -> None:
    """Show what the workers have written, and bring it to MLflow."""
    shown.tick()
    live.look(shown.running_cells)


def _announce(seen: Mapping[str, Seen], console: Console) -> None:
    """Name every made-up corpus in one line before the work starts; then print the remarks on each corpus."""
    samples = [f"{label} ({one.source.file})" for label, one in seen.items() if one.source.kind == "sample"]
    if samples:
        text = f"SAMPLE CORPUS: {', '.join(samples)}: made by the code; no number is comparable with a published one"
        console.print(text, markup=False, style="bold yellow", soft_wrap=True)
    for label, one in seen.items():
        for remark in one.remarks:
            console.print(f"{label}: {remark}", markup=False, highlight=False, style="bold yellow", soft_wrap=True)
