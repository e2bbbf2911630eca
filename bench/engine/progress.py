"""Show progress: a line for each cell that ended, and in a terminal a live view of the others below."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.live import Live

from bench.engine.board import Board, headline
from bench.planning.cell import Cell
from bench.records.events import Failed, Refused
from bench.records.journal import Record, read_record


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
        self.board = Board(console, jobs, self.expected, time.monotonic())
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
            self._tell_refused(self.records[key], since=len(record.all(Refused)))
            if self.records[key].status in ("done", "failed"):
                self._end(self.records[key])
        if self.live:
            self.live.update(self.board.view(list(self.records.values())), refresh=True)

    def _tell_refused(self, record: Record, since: int) -> None:
        """Print a line for each refusal of checkpoints after the first `since` of them."""
        for event in record.all(Refused)[since:]:
            text = f"{record.cell.dataset_label} {record.cell.label} seed {record.cell.seed}: {event.message}"
            self.console.print(text, markup=False, highlight=False, style="yellow", soft_wrap=True)

    def _end(self, record: Record) -> None:
        cell = record.cell
        if record.status == "failed" and (failed := record.last(Failed)):
            text = f"failed: {cell.dataset_label} {failed.error}"
            self.console.print(text, markup=False, style="red", soft_wrap=True)
        else:
            done = sum(r.status == "done" for r in self.records.values())
            text = (
                f"[{done}/{len(self.records)}] {cell.dataset_label} {cell.label} seed {cell.seed}: {headline(record)}"
            )
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)
        self.ended(record)


def _size(folder: Path) -> int:
    path = folder / "journal.jsonl"
    return path.stat().st_size if path.exists() else 0
