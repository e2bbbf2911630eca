"""Print what a plan takes before it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.cli.floor import floor
from bench.engine.board import duration
from bench.engine.forecast import Line
from bench.planning.cell import REAL


def show(lines: Sequence[Line], jobs: int, console: Console) -> None:
    """Print a line for each arm and dataset, and the sum of all."""
    table = Table("dataset", "baseline", "seeds to run", box=box.SIMPLE_HEAD)
    for name in ("kept", "hours", "memory"):
        table.add_column(name, justify="right")
    for line in lines:
        seeds = ", ".join(map(str, line.seeds)) or "-"
        texts = (line.dataset, line.label, seeds, str(line.kept), _hours(line.seconds), _memory(line.memory))
        table.add_row(*map(Text, texts))
    console.print(table)
    cells = sum(len(line.seeds) for line in lines)
    todo = [line for line in lines if line.seeds]
    known = [line.seconds for line in todo if line.seconds is not None]
    needed = _memory(jobs * max((line.memory for line in todo), default=0))
    click.echo(f"{cells} cells to run, {jobs} at a time, about {needed} of memory")
    if known:
        part = "" if len(known) == len(todo) else f" for {len(known)} of {len(todo)} arms"
        click.echo(f"predicted{part}: {duration(sum(known) / jobs)}")
    if len(known) < len(todo):
        click.echo("-: unknown; `bench speed` measures this machine, and a finished seed tells the time of its arm")
    _tests(lines)


def _tests(lines: Sequence[Line]) -> None:
    """Print how many seeds the tests of the largest table need; nothing if no arm has a rival."""
    arms = [line for line in lines if line.label != REAL]
    rows = Counter(line.dataset for line in arms)
    if rows and (rivals := max(rows.values()) - 1):
        click.echo(f"tests: {floor(max(len(line.seeds) + line.kept for line in arms), rivals)}")


def _hours(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / 3600:.3f}"


def _memory(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
