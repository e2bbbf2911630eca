"""Copy new lines of running cells to a tracking store every few seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial

from bench.planning.cell import Cell
from bench.records.journal import Journal, Record
from bench.records.mirror import Mirror

SECONDS = 5.0  # between two looks; a look may take a tenth of the time


class Live:
    """Follows the journals of running cells of a plan, and writes their new epochs and curve points.

    The one process that writes to the store calls it. After an error, which the mirror tells, it writes no more;
    `Mirror.bring` still writes each cell when it has ended.
    """

    def __init__(self, mirror: Mirror, seconds: float = SECONDS) -> None:
        self.mirror, self.seconds = mirror, seconds
        self.places: dict[str, int] = {}
        self.after = time.monotonic() + seconds
        self.broken = False

    def look(self, running: Iterable[Cell]) -> None:
        """Copy what is new, if the last call was long enough ago."""
        began = time.monotonic()
        if self.broken or began < self.after:
            return
        self.broken = not all(self._bring(cell) for cell in running)
        spent = time.monotonic() - began
        self.after = began + max(self.seconds, 10 * spent)

    def _bring(self, cell: Cell) -> bool:
        """Write what is new of a cell; return whether the store took it."""
        folder = self.mirror.runs / cell.id
        new, self.places[cell.id] = Journal(folder).read_from(self.places.get(cell.id, 0))
        return not new or bool(self.mirror.attempt(partial(self._follow, Record(cell, folder, tuple(new)))))

    def _follow(self, record: Record) -> bool:
        self.mirror.tracker.follow(record, self.mirror.plan, self.mirror.entries[record.cell.id])
        return True
