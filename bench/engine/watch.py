"""Follow the cells of a runs folder from another terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.live import Live

from bench.contracts.errors import BenchError
from bench.engine.board import Board
from bench.records.runs import RunsFolder

SECONDS = 2.0  # between two looks


def watch(runs: Path, console: Console, pause: Callable[[], object] = lambda: time.sleep(SECONDS)) -> None:
    """Show the epochs and the time left of the running cells until none runs; Ctrl-C ends it.

    BenchError if the output is no terminal.
    """
    if not console.is_terminal:
        raise BenchError("--watch needs a terminal; without it `bench status` prints the state once")
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            records = RunsFolder(runs).records()
            running = sum(record.status == "running" for record in records)
            if not running:
                return
            live.update(Board(console, running, {}).view(records), refresh=True)
            pause()
