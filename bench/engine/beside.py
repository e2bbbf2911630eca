"""Judge the runs of a plan by metrics of the user's own, once the runs have ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bench.engine import probe
from bench.judging import rejudge
from bench.planning.cell import ELSEWHERE, REAL
from bench.plugins import metrics as metric_plugins
from bench.plugins.metrics import MetricPlugin
from bench.records import revive
from bench.records.journal import Record
from bench.records.runs import RunsFolder
from bench.records.tracker import Tracker

if TYPE_CHECKING:
    from bench.engine.session import Setup
    from bench.planning.cell import Cell
    from bench.planning.plan import Plan
    from bench.plugins.look import Named
    from bench.toolkit.corpora.fetch import Corpora


def parsed(texts: Sequence[str]) -> list[MetricPlugin]:
    """Return the user's own metrics; BenchError if one cannot be loaded."""
    return [probe.apart([("bench.metrics", text)], metric_plugins.parse, text) for text in dict.fromkeys(texts)]


def refuse_unfit(plan: Plan, own: Sequence[MetricPlugin], corpora: Corpora) -> None:
    """Raise BenchError if a metric cannot be built for a dataset of the plan: now, not after hours of training."""
    for cell in {cell.dataset_label: cell for cell in plan.cells}.values() if own else ():
        probe.apart(_named(own, cell, REAL), _build, cell, own, corpora)


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
    """Judge the records beside, each in a process of its own; errors and result are those of `rejudge_folder`."""
    tracker = Tracker(setup.tracking_uri)
    return rejudge.rejudge_folder(records, own, setup.corpora, setup.runs, tracker, judged, plan.name, _judge_apart)


def _judge_apart(record: Record, own: Sequence[MetricPlugin], corpora: Corpora) -> list[str]:
    """Judge one run; return a line if its generator is lost."""
    cell = record.cell
    return probe.apart(_named(own, cell, cell.reference), rejudge.rejudge, [record], own, corpora)


def _named(own: Sequence[MetricPlugin], cell: Cell, baseline: str) -> list[Named]:
    """Return the plug-ins that judging a cell imports."""
    metrics: list[Named] = [("bench.metrics", metric.reference.absolute) for metric in own]
    trainer: list[Named] = [] if baseline in (REAL, ELSEWHERE) else [("bench.baselines", baseline)]
    return [("bench.datasets", cell.dataset), *trainer, *metrics]


def _build(cell: Cell, own: Sequence[MetricPlugin], corpora: Corpora) -> None:
    """Build the metrics on the dataset of a cell."""
    rejudge.own_evaluator(revive.reopen(cell, corpora), "last", own)
