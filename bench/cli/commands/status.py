"""`bench status`: show the state of each cell of a runs folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from bench.cli import options
from bench.engine import terminal
from bench.engine.overview import UNKNOWN, overview
from bench.engine.watch import watch
from bench.records.runs import RunsFolder


@click.command(
    "status", epilog=options.examples("bench status", "bench status --watch", "bench status --runs other/runs")
)
@click.option("--watch", "watching", is_flag=True, help="Show epochs and time left of running cells until none runs.")
@options.runs
def command(watching: bool, runs: Path) -> None:
    """Show the state of each cell, and what the plans lack.

    A cell is "dead" if it was running and its process is gone. Run it again: it continues from its last checkpoint.
    """
    if watching:
        watch(runs, terminal.console())
    lines = overview(RunsFolder(runs))
    if not lines:
        click.echo(f"no cells in {runs}: `bench run --all` makes some")
        return
    for line in lines:
        label, seed = " or ".join(line.names), UNKNOWN if line.seed is None else line.seed
        click.echo(f"{line.status:11} {line.dataset:12} {label:20} seed {seed:<3} {line.cell} {line.note}")
    counts = Counter(line.status for line in lines)
    click.echo(", ".join(f"{count} {state}" for state, count in sorted(counts.items())))
