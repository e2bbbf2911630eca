"""List where each cell of a runs folder stands."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from bench.engine.progress import headline
from bench.records import plans as kept_plans
from bench.records.journal import Record, read_record
from bench.records.runs import names_of


class Line(NamedTuple):
    """A cell: its record, the names that plans give its row, and its score, or the error of a failed one."""

    record: Record
    names: tuple[str, ...]
    note: str


def overview(runs: Path) -> list[Line]:
    """Return a line for each cell of the folder, sorted by dataset, row and seed; empty if there is none."""
    records = [read_record(path.parent) for path in sorted(runs.glob("*/cell.json"))]
    plans = kept_plans.read_all(runs)
    records.sort(key=lambda record: (record.cell.dataset_label, record.cell.label, record.cell.seed))
    return [Line(record, tuple(sorted(names_of(record, plans))), _note(record)) for record in records]


def _note(record: Record) -> str:
    return record.last("failed").get("error", "") if record.status == "failed" else headline(record)
