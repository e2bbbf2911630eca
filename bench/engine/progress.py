"""Show progress: one live table of all cells in a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bench.engine.estimate import TimeLeft
from bench.planning.cell import Cell
from bench.records.events import Curve, Epoch
from bench.records.journal import FAILURES, Record, read_record

WIDE = 100  # a terminal this wide has room for the name of the score
ORDER = {"running": 0, **dict.fromkeys(FAILURES, 1), "interrupted": 2, "pending": 3, "done": 4}


class Progress:
    """Follows the journals of a plan's cells, shows what changed, and passes on each cell that ended."""

    def __init__(
        self,
        cells: Sequence[Cell],
        runs: Path,
        jobs: int,
        console: Console,
        ended: Callable[[Record], object],
        expected: Mapping[str, float] | None = None,
    ) -> None:
        self.console, self.ended, self.expected = console, ended, expected or {}
        self.records = {cell.id: read_record(runs / cell.id) for cell in cells}
        self.sizes = {key: _size(record.folder) for key, record in self.records.items()}
        self.jobs = jobs
        self.live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None

    def __enter__(self) -> Progress:
        if self.live:
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.tick()
        finally:
            if self.live:
                self.live.stop()

    def tick(self) -> None:
        """Read what the workers have written since the last call, and show it."""
        for key, record in self.records.items():
            size = _size(record.folder)
            if self.sizes[key] == size:
                continue
            self.sizes[key] = size
            self.records[key] = read_record(record.folder)
            if self.records[key].status in ("done", *FAILURES):
                self._end(self.records[key])
        if self.live:
            self.live.update(self._view(), refresh=True)

    def _end(self, record: Record) -> None:
        cell = record.cell
        if record.failure is not None:
            text = f"{record.status}: {cell.dataset_label} {record.failure.error}"
            self.console.print(text, markup=False, style="red", soft_wrap=True)
        elif not self.live:
            done = sum(r.status == "done" for r in self.records.values())
            text = (
                f"[{done}/{len(self.records)}] {cell.dataset_label} {cell.label} seed {cell.seed}: {headline(record)}"
            )
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)
        self.ended(record)

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
            time = _time(left.of(record)) if record.status == "running" else ""
            table.add_row(*map(Text, (*cells, score, time)))  # not as markup: a row's name may hold [...]
        done = sum(r.status == "done" for r in ordered)
        hidden = f" · {len(ordered) - room} more below" if len(ordered) > room else ""
        return Group(table, f"{done} of {len(ordered)} cells done · {_time(left.total(self.jobs))} left{hidden}")


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


def _size(folder: Path) -> int:
    path = folder / "journal.jsonl"
    return path.stat().st_size if path.exists() else 0


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 3600:.1f} h" if seconds > 5400 else f"{seconds / 60:.1f} min"
