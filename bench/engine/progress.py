"""Show progress: a line for each cell that ended, and in a terminal a live view of the others below."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from rich.console import Console
from rich.live import Live

from bench.engine.board import Board, headline
from bench.planning.cell import Cell
from bench.records.events import Done, Event, Refused, Start
from bench.records.journal import FAILURES, Journal, Record, record_of

NEXT = 32  # waiting cells that a look takes in at least


class Progress:
    """Follows the journals of a plan's cells, shows what changed, and passes on each cell that ended.

    `cells` are in the order of running. The work of a look does not grow with their number: a cell that ended is not
    looked at again, of a running one only the new lines are read, and of those that wait only the next few are looked
    at, and a few of the rest in turn, since a cluster may start them in another order. Of each cell, the last event of
    each kind is kept.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        runs: Path,
        jobs: int,
        console: Console,
        ended: Callable[[Record], object],
        expected: Mapping[str, float] | None = None,
    ) -> None:
        self.console, self.ended, self.jobs = console, ended, jobs
        self.board = Board(console, jobs, expected or {}, time.monotonic())
        self.records: dict[str, Record] = {}
        self.places: dict[str, int] = {}
        for cell in cells:
            events, self.places[cell.id] = Journal(runs / cell.id).read_from(0)
            self.records[cell.id] = Record(cell, runs / cell.id, _last_of_each(events))
        self.done = sum(record.status == "done" for record in self.records.values())
        self.running = OrderedDict.fromkeys(key for key, r in self.records.items() if r.status == "running")
        self.waiting = OrderedDict.fromkeys(
            key for key, r in self.records.items() if r.status not in ("running", "done")
        )
        self.in_turn = cycle(tuple(self.waiting))
        self.live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self.draw_after = 0.0

    def __enter__(self) -> Progress:
        if self.live:
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._look_at((*self.running, *self.waiting))
            self._draw()
        finally:
            if self.live:
                self.live.stop()

    def tick(self) -> None:
        """Read what the workers have written since the last call, and show it."""
        near = islice(self.waiting, self.jobs + NEXT)
        far = (key for key in islice(self.in_turn, NEXT) if key in self.waiting)
        self._look_at(dict.fromkeys((*self.running, *near, *far)))
        if time.monotonic() >= self.draw_after:
            self._draw()

    @property
    def running_cells(self) -> list[Cell]:
        """Return the cells that are running."""
        return [self.records[key].cell for key in self.running]

    def _look_at(self, keys: Iterable[str]) -> None:
        """Read the new lines of these cells' journals."""
        for key in keys:
            record = self.records[key]
            new, self.places[key] = Journal(record.folder).read_from(self.places[key])
            if new:
                self._take(key, replace(record, events=_last_of_each((*record.events, *new))))
                self._tell_refused(record.cell, new)

    def _take(self, key: str, record: Record) -> None:
        """Note the new state of a cell, and pass it on if it ended."""
        self.records[key] = record
        for place in (self.running, self.waiting):
            place.pop(key, None)
        if record.status in ("done", *FAILURES):
            self.done += record.status == "done"
            self._end(record)
        else:
            (self.running if record.status == "running" else self.waiting)[key] = None

    def _draw(self) -> None:
        """Draw the view, and let nine times as long pass before the next drawing."""
        if self.live:
            began = time.monotonic()
            self.live.update(self.board.view(list(self.records.values())), refresh=True)
            self.draw_after = time.monotonic() + 9 * (time.monotonic() - began)

    def _tell_refused(self, cell: Cell, new: Iterable[Event]) -> None:
        """Print a line for each refusal of checkpoints."""
        for event in new:
            if isinstance(event, Refused):
                text = f"{cell.dataset_label} {cell.label} seed {cell.seed}: {event.message}"
                self.console.print(text, markup=False, highlight=False, style="yellow", soft_wrap=True)

    def _end(self, record: Record) -> None:
        cell = record.cell
        if record.failure is not None:
            text = f"{record.status}: {cell.dataset_label} {record.failure.error}"
            self.console.print(text, markup=False, style="red", soft_wrap=True)
        else:
            count = f"[{self.done}/{len(self.records)}]"
            text = f"{count} {cell.dataset_label} {cell.label} seed {cell.seed}: {headline(record)}"
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)
        self.ended(record_of(record.cell, record.folder))


def _last_of_each(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return the last event of each kind, in order, without what the view does not show."""
    kept: dict[type[Event], Event] = {}
    for event in events:
        kept.pop(type(event), None)
        kept[type(event)] = event
    return tuple(map(_shown, kept.values()))


def _shown(event: Event) -> Event:
    if isinstance(event, Start):
        return replace(event, source={}, notes=())
    if isinstance(event, Done):
        return replace(event, scores=dict(islice(event.scores.items(), 1)), profiles=None)
    return event
