"""Judge the runs of a plan by metrics of the user's own, once the runs have ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bench.judging import rejudge
from bench.plugins.metrics import MetricPlugin
from bench.records.journal import Record
from bench.records.runs import RunsFolder
from bench.records.tracker import Tracker

if TYPE_CHECKING:
    from bench.engine.session import Setup
    from bench.planning.plan import Plan


def refuse_unfit(plan: Plan, own: Sequence[MetricPlugin]) -> None:
    """Raise BenchError if a metric cannot be built for a dataset of the plan: now, not after hours of training."""
    for opened in plan.datasets.values():
        rejudge.own_evaluator(opened, "last", own)


def finished(plan: Plan, setup: Setup) -> list[Record]:
    """Return the plan's cells that are done."""
    ids = {cell.id for cell in plan.cells}
    return [record for record in RunsFolder(setup.runs).finished() if record.cell.id in ids]


def judge(
    records: Sequence[Record],
    plan: Plan,
    setup: Setup,
    own: Sequence[MetricPlugin],
    judged: Callable[[], object] = lambda: None,
) -> list[str]:
    """Judge records of the plan beside; errors and result are those of `rejudge_folder`."""
    tracker = Tracker(setup.tracking_uri)
    return rejudge.rejudge_folder(records, own, setup.corpora, setup.runs, tracker, judged, plan.name)
