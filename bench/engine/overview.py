"""List the state of each cell of a runs folder, and of each cell that a plan names and the folder lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bench.engine.board import told
from bench.records import fence
from bench.records.journal import Record
from bench.records.runs import RunsFolder

UNKNOWN = "?"


class Line(NamedTuple):
    """A cell: its state, the labels that plans give its row, and a note.

    The state is that of the record; "dead" if the cell was running and its process is gone; "damaged" if its cell.json
    cannot be read; or "missing" if a plan names it and it has no folder. What is not known then is "?" or None. The
    note is the score, or what is wrong.
    """

    status: str
    dataset: str
    names: tuple[str, ...]
    seed: int | None
    cell: str
    note: str


def overview(runs: RunsFolder) -> list[Line]:
    """Return a line for each cell of the folder and its plans, sorted by dataset, row and seed; empty if there is none.

    Damaged cells whose cell.json cannot be read come last.
    """
    rows = sorted(runs.records(), key=lambda r: (r.cell.dataset_label, r.cell.label, r.cell.seed))
    lines = [_line(record, tuple(sorted(runs.names_of(record)))) for record in rows]
    return [*lines, *_missing(runs), *_unreadable(runs)]


def _line(record: Record, names: tuple[str, ...]) -> Line:
    cell, (status, note) = record.cell, _look(record)
    return Line(status, cell.dataset_label, names, cell.seed, cell.id, note)


def _look(record: Record) -> tuple[str, str]:
    """Return the state of a cell and a note on it."""
    if record.damage:
        return record.status, record.damage
    if record.failure is not None:
        return record.status, record.failure.error
    lock = record.folder / fence.NAME
    if record.status != "running" or fence.is_held(lock):
        return record.status, told(record)
    holder = fence.said_holder(lock)
    if holder and not holder.is_here:
        return record.status, f"{told(record)}; unless it is gone: {holder}"
    return "dead", f"{holder or 'its process'} is gone: the same `bench run` continues from the last checkpoint"


def _missing(runs: RunsFolder) -> Iterator[Line]:
    for key, places in runs.missing.items():
        entries = list(places.values())
        seed = next((entry.seed for entry in entries if entry.seed is not None), None)
        dataset = next((entry.dataset for entry in entries if entry.dataset), UNKNOWN)
        names = tuple(sorted({entry.label or UNKNOWN for entry in entries}))
        of = f"plan{'s' if len(places) > 1 else ''} {', '.join(places)}"
        again = "repeat the `bench run`" if any(entry.trained for entry in entries) else "repeat the `bench score`"
        yield Line("missing", dataset, names, seed, key, f"of {of}, its folder is gone: {again}")


def _unreadable(runs: RunsFolder) -> Iterator[Line]:
    for key, why in runs.unreadable.items():
        entry = next((cells[key] for cells in runs.plans.values() if key in cells), None)
        label, dataset = (entry.label, entry.dataset) if entry else (None, None)
        yield Line("damaged", dataset or UNKNOWN, (label or UNKNOWN,), entry.seed if entry else None, key, why)
