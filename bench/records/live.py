"""Copy new lines of running cells to a tracking store every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from bench.contracts.errors import folded
from bench.planning.cell import Cell
from bench.records.journal import Journal, Record
from bench.records.plans import Entries
from bench.records.tracker import Tracker

SECONDS = 5.0  # between two looks; a look may take a tenth of the time


class Live:
    """Follows the journals of running cells of a plan, and writes their new epochs and curve points.

    The one process that writes to the store calls it. After an error it calls `warn` and writes no more;
    `Tracker.project` still writes each cell when it has ended.
    """

    def __init__(
        self,
        tracker: Tracker,
        plan: str,
        entries: Entries,
        runs: Path,
        warn: Callable[[str], object],
        seconds: float = SECONDS,
    ) -> None:
        self.tracker, self.plan, self.entries, self.runs = tracker, plan, entries, runs
        self.warn, self.seconds = warn, seconds
        self.places: dict[str, int] = {}
        self.after = time.monotonic() + seconds
        self.broken = False

    def look(self, running: Iterable[Cell]) -> None:
        """Copy what is new, if the last call was long enough ago."""
        began = time.monotonic()
        if self.broken or began < self.after:
            return
        try:
            for cell in running:
                self._bring(cell)
        except Exception as error:  # whatever the store raises: training goes on
            self.broken = True
            self.warn(f"no curves in MLflow while cells train: {folded(error)}")
        spent = time.monotonic() - began
        self.after = began + max(self.seconds, 10 * spent)

    def _bring(self, cell: Cell) -> None:
        folder = self.runs / cell.id
        new, self.places[cell.id] = Journal(folder).read_from(self.places.get(cell.id, 0))
        if new:
            self.tracker.follow(Record(cell, folder, tuple(new)), self.plan, self.entries[cell.id])
