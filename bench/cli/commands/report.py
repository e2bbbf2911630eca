"""`bench report`: write the tables and figures from MLflow alone."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from bench.cli import options
from bench.records.tracker import Tracker
from bench.reporting.write import how_to_look, print_summary, write_report


@click.command(
    "report",
    epilog=options.examples(
        "bench report", "bench report --plan lean --out lean-results", "bench report --reference mle"
    ),
)
@click.option("--plan", help="The plan to report; default: the one tracked last.")
@options.reference
@options.out
@options.tracking_uri
def command(plan: str | None, reference: str | None, out: Path, tracking_uri: str | None) -> None:
    """Write the tables, learning curves and an HTML page.

    Tables come as LaTeX, Markdown and CSV, beside the published values.
    """
    tracker = Tracker(tracking_uri)
    paths, tables = write_report(tracker, plan, out, reference)
    print_summary(tables, Console())
    click.echo(how_to_look(tracker, out, paths))
