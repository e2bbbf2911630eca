"""List the state of each cell of a runs folder, and of each cell that a plan names and the folder lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bench.engine.progress import headline
from bench.records.events import Failed
from bench.records.journal import Record
from bench.records.runs import RunsFolder

UNKNOWN = "?"


class Line(NamedTuple):
    """A cell: its state, the labels that plans give its row, and a note.

    The state is that of the record, "damaged" if its cell.json cannot be read, or "missing" if a plan names it and it
    has no folder. What is not known then is "?" or None. The note is the score, or what is wrong.
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
    failed = record.last(Failed) if record.status == "failed" else None
    note = record.damage or (failed.error if failed else headline(record))
    cell = record.cell
    return Line(record.status, cell.dataset_label, names, cell.seed, cell.id, note)


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
