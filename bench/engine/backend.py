"""The protocol of a backend, which runs cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from bench.engine.job import Context
from bench.planning.cell import Cell

Tick = Callable[[], None]


class Backend(Protocol):
    """A place that runs cells."""

    def prepare(self) -> None:
        """Start what takes seconds to start, without waiting for it; BenchError if the backend cannot be reached."""
        ...

    def run(self, cells: Sequence[Cell], context: Context, tick: Tick) -> list[Cell]:
        """Run every cell, call `tick` a few times a second, and return the cells whose worker died.

        The backend writes a death into the cell's journal at once, as an event "interrupted" with its `error`. On
        Ctrl-C or an error of `tick`, the stop file tells the workers to save; then the exception is raised again.
        """
        ...
