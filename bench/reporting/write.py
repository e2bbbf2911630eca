"""Write the report of `bench report`: each table in each format, the figures, and one page that shows them."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.contracts.errors import BenchError
from bench.files import telling_room
from bench.judging.strange import REAL_AT_NOUGHT
from bench.records.journal import FAILURES
from bench.records.journals import Source
from bench.records.tracker import DEFAULT_URI
from bench.reporting import figures, grids, ladder, latex, notes, profiles, render, to_csv
from bench.reporting.build import build_tables
from bench.reporting.page.material import gather
from bench.reporting.page.page import html
from bench.reporting.paper import paper
from bench.reporting.selection import Selection, selected
from bench.reporting.summary import summary_json
from bench.reporting.table import Table

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from bench.records.tracker import Tracker

MANIFEST = "report.json"
LATEX = {
    "": latex.narrow,
    "-full": latex.wide,
    "-tests": latex.tests,
    "-tests-full": latex.all_tests,
    "-notes": latex.text,
}
"""The end of a table's LaTeX files -> what is in them."""
NAMES_WIDTH, RUNS_WIDTH, SCORE_WIDTH = 30, 8, 16  # terminal characters: names with runs, runs, a score


class Report(NamedTuple):
    """A report that is made and not written yet: its tables, and file name -> bytes."""

    tables: list[Table]
    contents: dict[str, bytes]


def write_report(
    source: Source,
    plan: str | None,
    out: Path,
    reference: str | None = None,
    selection: Selection | None = None,
) -> tuple[list[Path], list[Table]]:
    """Make the plan's report and write it into `out`; return the sorted paths and the tables. Errors are theirs."""
    report = make_report(source, plan, out, reference, selection)
    return write_files(report, out), report.tables


def make_report(
    source: Source,
    plan: str | None,
    out: Path,
    reference: str | None = None,
    selection: Selection | None = None,
) -> Report:
    """Return the plan's report (default: the plan tracked last), with the sweeps that lie in `out` and above it.

    `reference` names the row that the others are compared with, `selection` the rows and columns shown (default: all).
    BenchError if nothing is tracked, or no row has such a name.
    """
    chosen = selection or Selection()
    frame = selected(source, plan, chosen)
    tables = build_tables(frame, paper(), source.per_sequence, source.human(), reference, published=chosen.published)
    contents = _contents(tables, source, out)
    contents[MANIFEST] = (json.dumps(sorted(contents), indent=1) + "\n").encode()
    return Report(tables, contents)


def write_files(report: Report, out: Path) -> list[Path]:
    """Write a report into `out` and return the sorted paths.

    All files are written first and then moved into place one by one, so `out` never holds half a table. Files of an
    earlier report that this one lacks are removed; other files stay. BenchError if `out` cannot be written.
    """
    contents = report.contents
    with _clear_errors(out), telling_room(out, sum(map(len, contents.values()))):
        out.mkdir(parents=True, exist_ok=True)
        stale = _earlier(out) - set(contents)
        with tempfile.TemporaryDirectory(prefix=".report-", dir=out) as partial:
            for name, data in contents.items():
                Path(partial, name).write_bytes(data)
            for name in stale:  # before the list of their names is replaced
                (out / name).unlink(missing_ok=True)
            for name in contents:
                Path(partial, name).replace(out / name)
    return sorted(out / name for name in contents)


def require_writable(out: Path) -> None:
    """Make the folder; OSError if no tables can be written there. Call it before hours of training."""
    out.mkdir(parents=True, exist_ok=True)
    if not os.access(out, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(out))


def print_summary(tables: Sequence[Table], console: Console) -> None:
    """Print the tables of scores, with as many columns as the terminal has room for."""
    from rich import box
    from rich.table import Table as Printed
    from rich.text import Text

    for table in tables:
        grid = grids.summary(table, most=max(1, (console.width - NAMES_WIDTH) // SCORE_WIDTH))
        printed = Printed(title=Text(grid.caption), box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
        for index, text in enumerate(grid.header):
            printed.add_column(Text(text), justify="right" if index else "left", no_wrap=index == 0)
        for row in grid.rows:
            printed.add_row(Text(grids.folded(row[0], NAMES_WIDTH - RUNS_WIDTH)), *map(Text, row[1:]))
        console.print(printed)
        for note in notes.under(table):
            if note.startswith(("Unfinished", *map(str.capitalize, FAILURES), "Left out", REAL_AT_NOUGHT)):
                console.print(Text(note, style="bold red"))
        for note in notes.unsound(table):
            console.print(Text(note, style="yellow"))


def where_it_is(out: Path, paths: Sequence[Path]) -> str:
    """Return two lines: where the report in the folder `out` is, and where all plans are."""
    return (
        f"Tables: {len(paths)} files in {out} (open {out / 'index.html'}; LaTeX: {out / 'tables.tex'})\n"
        f"All plans: {out.parent / 'index.html'}"
    )


def how_to_look(tracker: Tracker, out: Path, paths: Sequence[Path]) -> str:
    """Return three lines: where the report in the folder `out` is, where all plans are, and how to open MLflow."""
    here = (DEFAULT_URI, DEFAULT_URI.replace("mlflow.db", str(Path("mlflow.db").absolute())))
    beside = Path(sys.executable).with_name("mlflow")  # if the running environment is not activated
    program = "mlflow" if shutil.which("mlflow") or not beside.exists() else str(beside)
    command = f"{program} ui" if tracker.uri in here else f"{program} ui --backend-store-uri {tracker.uri}"
    where = (
        tracker.uri
        if tracker.uri.startswith("http")
        else f"`{command}`, then http://127.0.0.1:5000, Model training (top left)"
    )
    return f"{where_it_is(out, paths)}\nMLflow: {where}"


def charts(tracker: Tracker, tables: Sequence[Table]) -> list[str]:
    """Return a line for each dataset: the address at which MLflow draws the curves of the plan's runs."""
    plan = str(tables[0].runs["plan"].iloc[0])
    server = tracker.uri.rstrip("/") if tracker.uri.startswith("http") else "http://127.0.0.1:5000"
    found = tracker.charts(plan, [table.dataset for table in tables])
    return [f"  {dataset}: {server}/{page}" for dataset, page in found.items()]


def describe(tracker: Tracker, tables: Sequence[Table]) -> None:
    """Show each table as the description of its dataset's experiment in MLflow."""
    for table in tables:
        tracker.describe(table.dataset, render.markdown(table))


def _contents(tables: Sequence[Table], source: Source, out: Path) -> dict[str, bytes]:
    """Return file name -> bytes for the whole report."""
    plans = sorted({str(plan) for table in tables for plan in table.runs["plan"]})
    wanted = dict.fromkeys(metric for table in tables for metric in figures.metrics(table))
    curves = _concatenated([source.curves(plan, wanted) for plan in plans])
    files: dict[str, bytes] = {}
    positions = _concatenated(
        [source.profiles(plan, profiles.NAMES) | source.trained(plan, profiles.TRAINED) for plan in plans]
    )
    for table in tables:
        for ending, written in LATEX.items():
            files[f"{table.spec.file}{ending}.tex"] = written(table).encode()
        files[f"{table.spec.file}.md"] = render.markdown(table).encode()
        files[f"{table.spec.file}.csv"] = to_csv.table_csv(table).encode()
        _pictures(files, table.spec.figure_file, partial(figures.draw, table, curves, paper()))
        drift = profiles.draw(table, positions, paper()) or {}  # six panels have no room in a column
        files |= {f"{table.spec.file}-profiles.{kind}": data for kind, data in drift.items()}
    if climbed := ladder.ladders(tables):
        _pictures(files, ladder.NAME, lambda width: ladder.draw(climbed, paper(), width))
        files[f"{ladder.NAME}.csv"] = ladder.to_csv(climbed).encode()
    files["tables.tex"] = latex.document(tables).encode()
    files["index.html"] = html(tables, gather(tables, source, curves, positions, out)).encode()
    files["summary.json"] = summary_json(tables).encode()
    files["runs.csv"] = to_csv.runs_csv(tables).encode()
    points = [figures.shown(curves[m], table, m).assign(metric=m) for table in tables for m in figures.metrics(table)]
    files["curves.csv"] = to_csv.curves_csv(points).encode()
    if any(len(positions[name]) for name in profiles.NAMES):
        files["profiles.csv"] = to_csv.curves_csv(profiles.points(tables, positions)).encode()
    return files


def _concatenated(found: Sequence[dict[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """Return the points of several plans together, by name."""
    import pandas as pd

    return {name: pd.concat([one[name] for one in found], ignore_index=True) for name in found[0]}


def _pictures(files: dict[str, bytes], name: str, draw: Callable[[float], dict[str, bytes] | None]) -> dict[str, bytes]:
    """Add a picture to the files in both widths of a paper; return the wide one, empty if there is none.

    The narrow one, NAME-column, is for a paper and so has no PNG.
    """
    wide, narrow = draw(figures.WIDE) or {}, draw(figures.NARROW) or {}
    files |= {f"{name}.{kind}": data for kind, data in wide.items()}
    files |= {f"{name}-column.{kind}": data for kind, data in narrow.items() if kind != "png"}
    return wide


def _earlier(out: Path) -> set[str]:
    """Return the file names in an earlier report's list, without any that has a folder."""
    try:
        names = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        return {name for name in names if Path(name).name == name}
    except (FileNotFoundError, ValueError, TypeError, RecursionError):
        return set()


@contextmanager
def _clear_errors(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BenchError(f"cannot write the report to {out}: {error.strerror or error}") from error
