"""`bench sync`: copy cells of other machines, and write ended cells to MLflow."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli import options
from bench.records.sync import sync
from bench.records.tracker import Tracker


@click.command(
    "sync",
    epilog=options.examples(
        "bench sync", "bench sync /mnt/other-machine/runs", "bench sync --tracking-uri http://host"
    ),
)
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@options.runs
@options.wait
@options.tracking_uri
def command(folders: tuple[Path, ...], runs: Path, wait: bool, tracking_uri: str | None) -> None:
    """Write ended cells and human scores to MLflow.

    FOLDERS are runs folders of other machines. First, cells that came further there are copied into --runs; you can
    resume an interrupted one here. Cells that MLflow has already stay as they are. The default plan of `bench report`
    stays too, unless the copied plans hold one that was asked for later.
    """
    done = sync(folders, runs, Tracker(tracking_uri), click.echo if wait else None)
    taken, tracked, plans = counted(done.taken, "cell"), counted(done.tracked, "cell"), counted(done.plans, "plan")
    for line in done.left_out:
        click.echo(f"left out, damaged: {line}", err=True)
    click.echo(f"{taken} taken in, {tracked} in MLflow, {plans}")


def counted(number: int, noun: str) -> str:
    """Return "1 cell", "2 cells"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
