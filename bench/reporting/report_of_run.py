"""Make the report of a run that has ended. A tracking store that fails keeps no table away: the journals give them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from bench.records.journals import Journals
from bench.records.runs import RunsFolder
from bench.records.store import as_store_error
from bench.records.tracker import Tracker
from bench.reporting.table import Table
from bench.reporting.write import Report, charts, describe, how_to_look, make_report, where_it_is


def report_of_run(
    tracker: Tracker | None,
    plan: str,
    runs: Path,
    out: Path,
    reference: str | None,
    warn: Callable[[str], object],
) -> tuple[Report, bool]:
    """Return the plan's report, and whether it comes from the store.

    It comes from the journals of the runs folder if there is no `tracker` or its store fails. BenchError if no cell of
    the plan has ended.
    """
    if tracker is not None:
        try:
            return make_report(tracker, plan, out, reference), True
        except Exception as error:  # whatever a store gives: the journals hold the same
            warn(f"{as_store_error(error, tracker.uri)}; the tables come from {runs}")
    return make_report(Journals(RunsFolder(runs)), plan, out, reference), False


def show_in_store(
    tracker: Tracker, tables: Sequence[Table], out: Path, paths: Sequence[Path], warn: Callable[[str], object]
) -> list[str]:
    """Show the tables in MLflow; return lines that say where the report is and how to look at it there."""
    try:
        describe(tracker, tables)
        return [how_to_look(tracker, out, paths), *charts(tracker, tables)]
    except Exception as error:  # the tables are written
        warn(str(as_store_error(error, tracker.uri)))
        return [where_it_is(out, paths)]
