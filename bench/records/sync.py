"""Merge runs folders: copy the cells of another machine, and write ended cells to MLflow."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.contracts.errors import BenchError
from bench.records import at_work, human, one_name, seal
from bench.records import plans as kept_plans
from bench.records.journal import FAILURES, Record, read_record
from bench.records.plans import Entries
from bench.records.runs import RunsFolder
from bench.records.store import StoreError
from bench.records.tracker import Tracker

ENDED = ("done", "interrupted", *FAILURES)


class Synced(NamedTuple):
    """The counts of a sync: cells copied from other folders, cells in MLflow, plans in the runs folder.

    `left_out` has a line for each damaged cell, here or in another folder: where it is and what is wrong with it.
    """

    taken: int
    tracked: int
    plans: int
    left_out: tuple[str, ...]


def sync(
    folders: Sequence[Path], runs: Path, tracker: Tracker, waiting: Callable[[str], object] | None = None
) -> Synced:
    """Copy cells and plans of other runs folders into `runs`, then write all plans and human scores to MLflow.

    BenchError if a folder is not a runs folder, if a dataset's name stands for two corpora, if there is no plan, or if
    another command is at work in `runs`.
    """
    for folder in folders:
        check_runs_folder(folder)
    if not folders:
        _with_plans(runs)  # checked before the lock, which would make the folder
    with at_work.on_all(runs, waiting):
        for folder in folders:
            refuse_taken_names(folder, runs)
        taken = [take_in(folder, runs) for folder in folders]
        stored = _with_plans(runs)  # read again, now with the cells of other machines
        tracker.prepare()
        tracked = sum(project_plan(tracker, plan, cells, stored) for plan, cells in stored.plans.items())
        for collected in human.load(runs):
            tracker.record_human(collected)
    left_out = [line for found in taken for line in found.left_out] + list(stored.damaged.values())
    return Synced(sum(found.cells for found in taken), tracked, len(stored.plans), tuple(left_out))


def project_plan(tracker: Tracker, plan: str, cells: Entries, runs: RunsFolder) -> int:
    """Write a plan's ended cells to MLflow and return their number. Cells that MLflow already has stay as they are.

    An interrupted cell has no score, but a learning curve up to where it stopped. StoreError if the store fails.
    """
    written = 0
    for record in ended(cells, runs):
        try:
            tracker.project(record, plan, cells[record.folder.name])
        except StoreError as error:
            raise StoreError(f"{error}; {runs} keeps everything: repair the store, then run `bench sync`") from error
        written += 1
    return written


def ended(cells: Entries, runs: RunsFolder) -> Iterator[Record]:
    """Yield the cells of a plan that ended and can be read."""
    return (record for record in runs.one_by_one(cells) if record.status in ENDED)


def check_runs_folder(folder: Path) -> None:
    """Raise BenchError if the folder is not a runs folder."""
    if not folder.is_dir():
        raise BenchError(f"no folder {folder}: give the runs folder of the other machine")
    if not any(next(folder.glob(pattern), None) for pattern in ("*/cell.json", "plans/*.json")):
        inside = folder / "runs"
        hint = f"give {inside}" if inside.is_dir() else "give the folder `runs` itself"
        raise BenchError(f"no cells and no plans in {folder}: {hint}")


def refuse_taken_names(folder: Path, runs: Path) -> None:
    """Raise BenchError if a dataset's name stands for one corpus in `folder` and for another in `runs`."""
    here, there = ([one_name.of_cell(cell) for cell in RunsFolder(place).whole_cells()] for place in (runs, folder))
    one_name.refuse_taken(there, here, str(runs))


class Taken(NamedTuple):
    """The number of cells copied from another folder, and a line for each damaged cell there."""

    cells: int
    left_out: tuple[str, ...]


def take_in(folder: Path, runs: Path) -> Taken:
    """Copy the plans of another runs folder and the whole cells that came further there."""
    partial = runs / ".partial"  # one level deeper than cells, so that no command reads half a copy as a cell
    shutil.rmtree(partial, ignore_errors=True)
    theirs = RunsFolder(folder)
    further = [record for record in theirs.records() if came_further(record, runs / record.folder.name)]
    faults = {record.folder: seal.faults(record.folder, record.seal) for record in further if record.seal}
    spoilt = {place: found for place, found in faults.items() if found}
    whole = [record.folder for record in further if record.folder not in spoilt]
    for source in whole:
        _copy(source, partial / source.name, runs / source.name)
    shutil.rmtree(partial, ignore_errors=True)
    for plan, cells in theirs.plans.items():
        kept_plans.join(plan, cells, runs)
    changed = [f"{place}: {name} {fault}" for place, found in spoilt.items() for name, fault in found.items()]
    return Taken(len(whole), (*theirs.damaged.values(), *changed))


def came_further(there: Record, folder: Path) -> bool:
    """Return whether a cell came further `there`.

    It is done there only, or judged there by more of the user's own metrics, or was interrupted after more events.
    """
    if there.status not in ("done", "interrupted"):
        return False
    try:
        here = read_record(folder) if (folder / "cell.json").exists() else None
    except BenchError:
        here = None  # damaged here: a whole one replaces it
    if here is None:
        return True
    if there.status == "done":
        return here.status != "done" or len(there.scores) > len(here.scores)
    return here.status not in ("done", "running") and len(there.events) > len(here.events)


def _copy(source: Path, partial: Path, target: Path) -> None:
    """Replace `target` by a copy of a cell. If the cell cannot be read: BenchError, and `target` stays as it is."""
    try:
        shutil.copytree(source, partial)
    except shutil.Error as error:
        file, _, why = error.args[0][0]
        raise BenchError(f"cannot copy {file}: {why}") from None
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)


def _with_plans(runs: Path) -> RunsFolder:
    """Read the folder again; BenchError if it holds no plan."""
    stored = RunsFolder(runs)
    if not stored.plans:
        raise BenchError(f"no plans in {runs}: `bench run` writes them there")
    return stored
