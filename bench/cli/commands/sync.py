"""`bench sync`: bring journals into MLflow: those of an interrupted parent, or of another machine."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli import options
from bench.contracts.errors import BenchError

if TYPE_CHECKING:
    from bench.records.journal import Record
    from bench.records.plans import Entry


@click.command("sync")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@options.runs
@options.tracking_uri
def command(folders: tuple[Path, ...], runs: Path, tracking_uri: str | None) -> None:
    """Bring finished and interrupted cells, and imported human scores, into MLflow.

    First those of FOLDERS, the runs folders of other machines, are taken into --runs where they came further there; an
    interrupted one can be continued here. What is in MLflow already stays as it is, and so does the plan that `bench
    report` takes by default, unless a plan asked for later comes in.
    """
    from bench.engine import session
    from bench.judging.human.collected import load
    from bench.records.runs import RunsFolder
    from bench.records.tracker import Tracker

    for folder in folders:
        _check(folder)
    if not folders:
        _plans(runs)  # first, as a lock makes the folder
    with session.locked(runs):
        for folder in folders:
            _refuse_taken_names(folder, runs)
        taken = sum(_take_in(folder, runs) for folder in folders)
        plans = _plans(runs)
        tracker = Tracker(tracking_uri)
        tracker.prepare()
        stored = RunsFolder(runs)  # read afresh: other machines' cells were taken in
        count = sum(session.project_plan(tracker, plan, cells, stored) for plan, cells in plans.items())
        for collected in load(runs):
            tracker.record_human(collected)
    click.echo(
        f"{_counted(taken, 'cell')} taken in, {_counted(count, 'cell')} in MLflow, {_counted(len(plans), 'plan')}"
    )


def _plans(runs: Path) -> dict[str, dict[str, Entry]]:
    from bench.records import plans as kept_plans

    plans = kept_plans.read_all(runs)
    if not plans:
        raise BenchError(f"no plans in {runs}: `bench run` writes them there")
    return plans


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _check(folder: Path) -> None:
    """BenchError where the folder is no runs folder."""
    if not folder.is_dir():
        raise BenchError(f"no folder {folder}: give the runs folder of the other machine")
    if not any(next(folder.glob(pattern), None) for pattern in ("*/cell.json", "plans/*.json")):
        inside = folder / "runs"
        hint = f"give {inside}" if inside.is_dir() else "give the folder `runs` itself"
        raise BenchError(f"no cells and no plans in {folder}: {hint}")


def _refuse_taken_names(folder: Path, runs: Path) -> None:
    """BenchError where a dataset's name stands for one corpus there and for another one here."""
    from bench.records import one_name
    from bench.records.runs import RunsFolder

    here, there = ([one_name.of_cell(cell) for cell in RunsFolder(place).whole_cells()] for place in (runs, folder))
    one_name.refuse_taken(there, here, str(runs))


def _take_in(folder: Path, runs: Path) -> int:
    """Copy the cells of another runs folder that came further there, and its plans."""
    from bench.records import plans as kept_plans
    from bench.records.journal import read_record

    partial = runs / ".partial"  # a floor deeper than cells lie: half a copy is none
    shutil.rmtree(partial, ignore_errors=True)
    taken = 0
    for source in sorted(folder.glob("*/cell.json")):
        target = runs / source.parent.name
        if not _came_further(read_record(source.parent), target):
            continue
        try:
            shutil.copytree(source.parent, partial / target.name)
        except shutil.Error as error:
            file, _, why = error.args[0][0]
            raise BenchError(f"cannot copy {file}: {why}") from None
        shutil.rmtree(target, ignore_errors=True)
        (partial / target.name).rename(target)
        taken += 1
    shutil.rmtree(partial, ignore_errors=True)
    for plan, cells in kept_plans.read_all(folder).items():
        kept_plans.join(plan, cells, runs)
    return taken


def _came_further(there: Record, folder: Path) -> bool:
    """Whether a cell is done there and not here, or was interrupted there after more than what happened here."""
    from bench.records.journal import read_record

    if there.status not in ("done", "interrupted"):
        return False
    here = read_record(folder) if (folder / "cell.json").exists() else None
    if here is None or there.status == "done":
        return here is None or here.status != "done"
    return here.status not in ("done", "running") and len(there.events) > len(here.events)
