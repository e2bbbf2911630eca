"""List the state of each cell of a runs folder."""

from __future__ import annotations

from typing import NamedTuple

from bench.engine.board import told
from bench.records.events import Failed
from bench.records.journal import Record
from bench.records.runs import RunsFolder


class Line(NamedTuple):
    """A cell: its record, the labels that plans give its row, and its score, or its error if it failed."""

    record: Record
    names: tuple[str, ...]
    note: str


def overview(runs: RunsFolder) -> list[Line]:
    """Return a line for each cell of the folder, sorted by dataset, row and seed; empty if there is none."""
    rows = sorted(runs.records(), key=lambda r: (r.cell.dataset_label, r.cell.label, r.cell.seed))
    return [Line(record, tuple(sorted(runs.names_of(record))), _note(record)) for record in rows]


def _note(record: Record) -> str:
    failed = record.last(Failed) if record.status == "failed" else None
    return failed.error if failed else told(record)
