"""Rename a plan, or take a row out of it: in the runs folder and in MLflow. No cell of the runs folder is lost.

MLflow comes first. If a change ends half way, the runs folder still has the old state: the same command does the rest,
and `bench sync` brings the old state back.
"""

from __future__ import annotations

from pathlib import Path

from bench.contracts.errors import BenchError, unknown
from bench.planning.cell import REAL
from bench.records import at_work
from bench.records import plans as kept_plans
from bench.records.at_work import Waiting
from bench.records.plan_facts import facts
from bench.records.runs import RunsFolder
from bench.records.tracker import Tracker


def rename(plan: str, new: str, runs: Path, tracker: Tracker, waiting: Waiting = None) -> None:
    """Give a plan another name. BenchError if there is no such plan, or if another has the new name."""
    _refuse_unknown(plan, runs)
    with at_work.on_all(runs, waiting):
        _refuse_unknown(plan, runs)
        if new in (plans := kept_plans.read_all(runs)):
            raise BenchError(f"plan {new} is in {runs} already: choose another name")
        tracker.rename_plan(plan, new, set(plans[plan]))
        kept_plans.rename(plan, new, runs)


def drop_row(
    plan: str, label: str, runs: Path, tracker: Tracker, dataset: str | None = None, waiting: Waiting = None
) -> int:
    """Take the cells of a row out of a plan, on one dataset or on all; return their number.

    Their folders stay, so that other plans keep them and the same `bench run` enters them again at once. BenchError if
    the plan has no such row, or if it is *real*, which each table needs.
    """
    _refuse_unknown(plan, runs)
    with at_work.on_all(runs, waiting):
        known = facts(RunsFolder(runs), plan).rows
        if label == REAL:
            raise BenchError(f"{REAL} stands in each table: it cannot be dropped")
        rows = [row for row in known if row.label == label]
        if not rows:
            raise unknown(f"row of plan {plan}", label, {row.label for row in known} - {REAL})
        chosen = [row for row in rows if dataset in (None, row.dataset)]
        if not chosen:
            raise unknown(f"dataset of {label} in plan {plan}", str(dataset), {row.dataset for row in rows})
        cells = {key for row in chosen for key in row.cells}
        tracker.drop(plan, cells)
        kept_plans.remove(plan, cells, runs)
    return len(cells)


def _refuse_unknown(plan: str, runs: Path) -> None:
    """Raise BenchError if there is no such plan or no runs folder. Call it before a lock makes the folder."""
    if plan not in (known := kept_plans.read_all(runs)):
        raise unknown(f"plan in {runs}", plan, known)
