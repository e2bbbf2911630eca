"""`bench plan`: list plans, show one, rename it, or take a row out of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table

from bench.cli import options
from bench.engine import terminal
from bench.planning.refusals import check_name
from bench.records import plan_changes
from bench.records.plan_facts import all_facts, facts
from bench.records.runs import RunsFolder
from bench.records.tracker import Tracker
from bench.reporting.plan_folder import move_report, renew_report


@click.group(
    epilog=options.examples(
        "bench plan list",
        "bench plan show quick",
        "bench plan rename quick first-try",
        "bench plan drop-row quick 'seqgan[k=1]'",
    )
)
def command() -> None:
    """List the plans of a runs folder, and change them.

    A plan is what `bench run --plan` groups: its rows share tables.
    """


@command.command("list", epilog=options.examples("bench plan list", "bench plan list --runs other/runs"))
@options.runs
def list_(runs: Path) -> None:
    """List the plans: date, preset, datasets, rows, state."""
    plans = all_facts(RunsFolder(runs))
    if not plans:
        click.echo(f"no plans in {runs}: `bench run` makes some")
        return
    table = Table("plan", "asked for last", "preset", "datasets", "rows", "cells", box=box.SIMPLE_HEAD)
    for plan in plans:
        told = (", ".join(names) or "-" for names in (plan.presets, plan.datasets, plan.labels))
        table.add_row(plan.name, plan.date, *told, _states(plan.states))
    _console().print(table)


@command.command(epilog=options.examples("bench plan show quick"))
@click.argument("name")
@options.runs
def show(name: str, runs: Path) -> None:
    """Show the rows of a plan: dataset, seeds, state."""
    table = Table("dataset", "row", "seeds", "cells", box=box.SIMPLE_HEAD)
    for row in facts(RunsFolder(runs), name).rows:
        table.add_row(row.dataset, row.label, ", ".join(map(str, row.seeds)) or "-", _states(row.states))
    _console().print(table)


@command.command(epilog=options.examples("bench plan rename quick first-try"))
@click.argument("name")
@click.argument("new")
@options.runs
@options.wait
@options.out
@options.tracking_uri
def rename(name: str, new: str, runs: Path, wait: bool, out: Path, tracking_uri: str | None) -> None:
    """Give a plan another name.

    The runs folder, MLflow and the plan's folder of tables take it.
    """
    check_name(new)
    tracker = Tracker(tracking_uri)
    plan_changes.rename(name, new, runs, tracker, click.echo if wait else None)
    place = move_report(tracker, name, new, out)
    click.echo(f"plan {name} is called {new} now" + (f"; its report is in {place}" if place else ""))


@command.command("drop-row", epilog=options.examples("bench plan drop-row quick 'seqgan[k=1]' -d oracle"))
@click.argument("name")
@click.argument("row")
@click.option("-d", "--dataset", help="Drop the row from this dataset's table alone.")
@options.runs
@options.wait
@options.out
@options.tracking_uri
def drop_row(
    name: str, row: str, dataset: str | None, runs: Path, wait: bool, out: Path, tracking_uri: str | None
) -> None:
    """Take a row out of a plan and its tables.

    The cells stay in the runs folder: `bench run` with the same row enters them again, and trains nothing.
    """
    tracker = Tracker(tracking_uri)
    dropped = plan_changes.drop_row(name, row, runs, tracker, dataset, click.echo if wait else None)
    place = renew_report(tracker, name, out)
    cells = "1 cell" if dropped == 1 else f"{dropped} cells"
    click.echo(f"{row} is out of plan {name}: {cells}" + (f"; {place} is written anew" if place else ""))


def _states(states: Counter[str]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items()))


def _console() -> Console:
    return terminal.console(markup=False, emoji=False, highlight=False)  # not as markup: a row's name may hold [...]
