"""What runs cells: the protocol of a backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from bench.engine.job import Context
from bench.planning.cell import Cell

Tick = Callable[[], None]


class Backend(Protocol):
    """Where cells are run."""

    def prepare(self) -> None:
        """Start what takes seconds to start, without waiting for it; BenchError if the backend cannot be reached."""
        ...

    def run(self, cells: Sequence[Cell], context: Context, tick: Tick) -> list[Cell]:
        """Run every cell, calling `tick` a few times a second; returns the cells whose worker died.

        A death is written into the cell's journal as soon as it is seen: an event "interrupted", with its `error`. On
        Ctrl-C, and on an error of `tick`, the stop file tells the workers to save; the exception is then raised again.
        """
        ...
