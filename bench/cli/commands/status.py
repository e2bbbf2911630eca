"""`bench status`: show the state of each cell of a runs folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click
from rich.console import Console

from bench.cli import options
from bench.engine.overview import overview
from bench.engine.watch import watch
from bench.records.runs import RunsFolder


@click.command(
    "status", epilog=options.examples("bench status", "bench status --watch", "bench status --runs other/runs")
)
@click.option("--watch", "watching", is_flag=True, help="Show epochs and time left of running cells until none runs.")
@options.runs
def command(watching: bool, runs: Path) -> None:
    """Show the state of each cell of the folder."""
    if watching:
        watch(runs, Console())
    lines = overview(RunsFolder(runs))
    if not lines:
        click.echo(f"no cells in {runs}: `bench run --all` makes some")
        return
    for record, names, note in lines:
        cell, label = record.cell, " or ".join(names)
        click.echo(f"{record.status:11} {cell.dataset_label:12} {label:20} seed {cell.seed:<3} {cell.id} {note}")
    counts = Counter(line.record.status for line in lines)
    click.echo(", ".join(f"{count} {state}" for state, count in sorted(counts.items())))
