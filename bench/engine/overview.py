"""List the state of each cell of a runs folder."""

from __future__ import annotations

from typing import NamedTuple

from bench.engine.progress import headline
from bench.records import fence
from bench.records.journal import Record
from bench.records.runs import RunsFolder


class Line(NamedTuple):
    """A cell: its record, its state, the labels that plans give its row, and its score, or what is wrong with it.

    The state is that of the journal, or "dead" if the cell was running and its process is gone.
    """

    record: Record
    state: str
    names: tuple[str, ...]
    note: str


def overview(runs: RunsFolder) -> list[Line]:
    """Return a line for each cell of the folder, sorted by dataset, row and seed; empty if there is none."""
    rows = sorted(runs.records(), key=lambda r: (r.cell.dataset_label, r.cell.label, r.cell.seed))
    return [
        Line(record, state, tuple(sorted(runs.names_of(record))), note)
        for record in rows
        for state, note in [_look(record)]
    ]


def _look(record: Record) -> tuple[str, str]:
    """Return the state of a cell and a note on it."""
    if record.failure is not None:
        return record.status, record.failure.error
    lock = record.folder / fence.NAME
    if record.status != "running" or fence.is_held(lock):
        return record.status, headline(record)
    holder = fence.said_holder(lock)
    if holder and not holder.is_here:
        return record.status, f"{headline(record)}; unless it is gone: {holder}"
    return "dead", f"{holder or 'its process'} is gone: the same `bench run` continues from the last checkpoint"
