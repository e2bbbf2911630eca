"""Show progress: one live table of all cells in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Literal

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bench.engine.estimate import TimeLeft
from bench.planning.cell import Cell
from bench.records.events import Curve, Done, Epoch, Event, Failed, Refused, Start
from bench.records.journal import Journal, Record, read_record

WIDE = 100  # a terminal this wide has room for the name of the score
NEXT = 32  # waiting cells that a look takes in at least
ORDER = {"running": 0, "damaged": 1, "failed": 1, "interrupted": 2, "pending": 3, "done": 4}


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
        self.console, self.ended, self.expected, self.jobs = console, ended, expected or {}, jobs
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
        if record.status in ("done", "failed"):
            self.done += record.status == "done"
            self._end(record)
        else:
            (self.running if record.status == "running" else self.waiting)[key] = None

    def _draw(self) -> None:
        """Draw the table, and let nine times as long pass before the next drawing."""
        if self.live:
            began = time.monotonic()
            self.live.update(self._view(), refresh=True)
            self.draw_after = time.monotonic() + 9 * (time.monotonic() - began)

    def _tell_refused(self, cell: Cell, new: Iterable[Event]) -> None:
        """Print a line for each refusal of checkpoints."""
        for event in new:
            if isinstance(event, Refused):
                text = f"{cell.dataset_label} {cell.label} seed {cell.seed}: {event.message}"
                self.console.print(text, markup=False, highlight=False, style="yellow", soft_wrap=True)

    def _end(self, record: Record) -> None:
        cell = record.cell
        if record.status == "failed" and (failed := record.last(Failed)):
            text = f"failed: {cell.dataset_label} {failed.error}"
            self.console.print(text, markup=False, style="red", soft_wrap=True)
        elif not self.live:
            count = f"[{self.done}/{len(self.records)}]"
            text = f"{count} {cell.dataset_label} {cell.label} seed {cell.seed}: {headline(record)}"
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)
        self.ended(read_record(record.folder))

    def _view(self) -> Group:
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
        for name in ("dataset", "baseline", "seed", "phase", "epoch", "loss", "score", "left"):
            side: Literal["left", "right"] = "left" if name in ("dataset", "baseline", "phase") else "right"
            table.add_column(name, justify=side, no_wrap=name not in ("baseline", "phase"))  # only these two may be cut
        ordered = sorted(self.records.values(), key=lambda r: ORDER[r.status])
        left = TimeLeft(ordered, self.expected)
        room = max(5, self.console.size.height - 6)
        for record in ordered[:room]:
            *cells, score = _row(record)
            score = score if self.console.width >= WIDE else score.rpartition(" ")[2]
            remains = _time(left.of(record)) if record.status == "running" else ""
            table.add_row(*map(Text, (*cells, score, remains)))  # not as markup: a row's name may hold [...]
        hidden = f" · {len(ordered) - room} more below" if len(ordered) > room else ""
        return Group(table, f"{self.done} of {len(ordered)} cells done · {_time(left.total(self.jobs))} left{hidden}")


def headline(record: Record) -> str:
    """Return the first score of a finished cell; of an unfinished one, that of its latest curve point."""
    point = record.last(Curve)
    latest = point.scores if point else {}
    scores = {name: score.value for name, score in record.scores.items()} or latest
    name, value = next(iter(scores.items()), ("", None))
    return f"{name} {value:.4f}" if value is not None else "-"


def _row(record: Record) -> list[str]:
    cell, epoch = record.cell, record.last(Epoch)
    if record.status != "running":
        state = record.status
        return [cell.dataset_label, cell.label, str(cell.seed), state, "", "", headline(record)]
    loss = next(iter(epoch.values.values()), None) if epoch else None
    return [
        cell.dataset_label,
        cell.label,
        str(cell.seed),
        epoch.phase if epoch else "starting",
        f"{epoch.epoch}/{epoch.epochs}" if epoch else "",
        f"{loss:.4f}" if loss is not None else "",
        headline(record),
    ]


def _last_of_each(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return the last event of each kind, in order, without what the table does not show."""
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


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 3600:.1f} h" if seconds > 5400 else f"{seconds / 60:.1f} min"
