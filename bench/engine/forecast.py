"""Forecast what a plan takes: the cells to run, their hours and the memory of a process, before any of them starts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.engine.estimate import TimeLeft, expected
from bench.judging.evaluator import rows_at_once
from bench.planning.plan import Plan
from bench.records.journal import Journal, Record

if TYPE_CHECKING:
    from bench.contracts.data import SequenceData

PROCESS = 400 * 2**20
"""Bytes of a process that has imported torch and this package and holds small data."""


class Line(NamedTuple):
    """One arm on one dataset: its seeds to run, the number of seeds kept from before, and the seconds of those to run.

    `seconds` is None if nothing tells the time. `memory` is the most bytes of one process.
    """

    dataset: str
    label: str
    seeds: tuple[int, ...]
    kept: int
    seconds: float | None
    memory: int


def forecast(plan: Plan, runs: Path) -> list[Line]:
    """Return a line for each arm and dataset, in the plan's order.

    The time comes from finished seeds of the arm, else from `bench speed` if the trainer states its cost, else from the
    mean of finished cells.
    """
    records = [Record(cell, runs / cell.id, tuple(Journal(runs / cell.id).read())) for cell in plan.cells]
    left = TimeLeft(records, expected(plan.cells, plan.datasets))
    arms: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        arms.setdefault((record.cell.dataset_label, record.cell.label), []).append(record)
    return [_line(dataset, label, found, left, plan.datasets[dataset].data) for (dataset, label), found in arms.items()]


def _line(dataset: str, label: str, records: Sequence[Record], left: TimeLeft, data: SequenceData) -> Line:
    waiting = [record for record in records if record.status != "done"]
    taken = [record.done.memory for record in records if record.done and record.done.memory]
    seeds = tuple(record.cell.seed for record in waiting)
    times = [left.of(record) for record in waiting]
    known = [seconds for seconds in times if seconds is not None]
    seconds = sum(known) if len(known) == len(times) else None
    return Line(dataset, label, seeds, len(records) - len(waiting), seconds, max(taken, default=memory(data)))


def memory(data: SequenceData) -> int:
    """Return about how many bytes a process needs to judge a generator of this data.

    Most of it are the logits of the rows that log_prob is shown at once, in float32, and the arrays, in int64.
    """
    words = len(data.vocabulary)
    logits = 4 * rows_at_once(data.length, words) * data.length * words
    arrays = 8 * data.length * (len(data.train) + len(data.valid) + len(data.test))
    return PROCESS + logits + arrays
