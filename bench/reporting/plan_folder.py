"""Write the report of a plan into the plan's folder, and the page that lists all plans beside these folders."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.contracts.errors import BenchError
from bench.reporting.plans_page import write_plans_page
from bench.reporting.selection import Selection, asked_for
from bench.reporting.table import Table
from bench.reporting.write import MANIFEST, print_summary, write_report

if TYPE_CHECKING:
    from rich.console import Console

    from bench.records.tracker import Tracker


def report_plan(
    tracker: Tracker,
    plan: str | None,
    out: Path,
    reference: str | None = None,
    selection: Selection | None = None,
) -> tuple[list[Path], list[Table]]:
    """Write the plan's report (default: the plan tracked last) into its folder in `out`, and the page of all plans.

    Return as `write_report` does, with its errors. A report of several plans has a folder of its own, `one+two`.
    """
    chosen = selection or Selection()
    plan = plan or tracker.newest_plan()
    folder = out / folder_name(plan, *chosen.more)
    written = write_report(tracker, plan, folder, reference, chosen)
    write_plans_page(out)
    return written


def move_report(tracker: Tracker, plan: str, new: str, out: Path) -> Path | None:
    """Move the folder of a renamed plan and write its report anew; return the new folder, None if there was none.

    BenchError if another report is in the new place.
    """
    if not (out / plan / MANIFEST).exists():
        return None
    if (out / new).exists():
        raise BenchError(f"{out / new} is there already: move it away, and `bench report --plan {new}` writes it")
    (out / plan).rename(out / new)
    return renew_report(tracker, new, out)


def renew_report(tracker: Tracker, plan: str, out: Path) -> Path | None:
    """Write the plan's report anew if it has one in `out`; return its folder, None if there was none."""
    folder = out / plan
    if not (folder / MANIFEST).exists():
        return None
    report_plan(tracker, plan, out)
    return folder


def print_asked(tables: Sequence[Table], asked: Collection[tuple[str, str]], folder: Path, console: Console) -> None:
    """Print the rows of these (dataset, label) pairs, and what else the plan's report in the folder has."""
    shown = asked_for(tables, asked)
    print_summary(shown.tables, console)
    if shown.hidden:
        where = folder / "index.html"
        console.print(f"{shown.hidden}: see {where}", markup=False, highlight=False, soft_wrap=True)


def folder_name(*plans: str) -> str:
    """Return the name of the folder of these plans' report; no plan's own name holds a +."""
    return "+".join(dict.fromkeys(plans))
