"""bench report: the tables and figures, from MLflow alone."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("report")
@click.option("--plan", help="The plan to report; default: the one tracked last.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("results"), show_default=True, help="Folder.")
@click.option("--tracking-uri", help="MLflow's store; default: MLFLOW_TRACKING_URI, else mlflow.db in this folder.")
def command(plan: str | None, out: Path, tracking_uri: str | None) -> None:
    """Write LaTeX, Markdown and CSV tables beside the published values, learning curves, and an HTML page."""
    from rich.console import Console

    from bench.reporting.report import how_to_look, print_summary, write_report
    from bench.tracking import Tracker

    tracker = Tracker(tracking_uri)
    paths = write_report(tracker, plan, out)
    print_summary(tracker, plan, Console())
    click.echo(how_to_look(tracker, out, paths))
