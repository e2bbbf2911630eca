"""The page's tables as text with marks: scores, tests, cost, and the matrix of arms and datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.reporting import grids
from bench.reporting.page import cost
from bench.reporting.paper import paper
from bench.reporting.table import Column, Ranking, Table

QUIET = "quiet"
"""The mark of a published value and of a dash."""


@dataclass(frozen=True)
class Head:
    """A column's head. `signature` is "" if the column has none. `above` is a line over it, a link to a section."""

    text: str
    signature: str = ""
    above: str = ""
    link: str = ""


@dataclass(frozen=True)
class Cell:
    """A text and its mark: best, tied (with the best), quiet, or ""."""

    text: str
    mark: str = ""


@dataclass(frozen=True)
class Line:
    """A row: the label of its arm, by which the page hides it, and its cells; the first one is the arm's name."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class View:
    """A table of the page. `tested` tells whether its runs are enough to tell any row from the best one.

    `main` is false for a table that the page folds: the tests on a metric that the paper does not test.
    """

    caption: str
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    tested: bool = False
    main: bool = True


def head(column: Column) -> str:
    """Return the metric's name with the arrow of its better direction, as the tables' heads have it."""
    return f"{column.name} {grids.ARROWS[column.better]}"


def section_id(number: int) -> str:
    """Return the id of the section of the table with this number, from 1."""
    return f"t{number}"


def scores(table: Table) -> View:
    """Return the table of scores with the best of each column marked."""
    grid = grids.scores(table)
    columns = _columns(table, len(grid.header))
    heads = tuple(Head(text, c.signature if c else "") for text, c in zip(grid.header, columns, strict=True))
    places = [table.ranks[column.metric] if column else None for column in columns]
    lines = tuple(
        Line(
            row.label,
            tuple(
                Cell(text, _mark(of, row.label) or _quiet(text, name))
                for text, of, name in zip(cells, places, grid.header, strict=True)
            ),
        )
        for row, cells in zip(table.rows, grid.rows, strict=True)
    )
    return View(grid.caption, heads, lines, any(of.tested for of in places if of))


def _columns(table: Table, width: int) -> list[Column | None]:
    """Return the column whose scores stand at each place of the grid; None for names, counts and published values."""
    found: list[Column | None] = []
    for column in table.columns:
        found += [column, None] if column.published else [column]
    return [*[None] * (width - len(found)), *found]


def tests(table: Table) -> list[View]:
    """Return the comparisons of the reference with each other row: a table for each metric that both have."""
    views, compared = [], {one.metric for one in table.comparisons if one.difference}
    for column in (column for column in table.columns if column.metric in compared):
        grid = grids.tests_on(table, column)
        labels = [one.label for one in table.comparisons if one.metric == column.metric]
        lines = (
            Line(label, tuple(Cell(text, _quiet(text)) for text in row))
            for label, row in zip(labels, grid.rows, strict=True)
        )
        heads = tuple(Head(text) for text in grid.header)
        views.append(View(grid.caption, heads, tuple(lines), main=column.metric in table.spec.tested))
    return views


def matrix(tables: Sequence[Table]) -> View:
    """Return the headline metric of every arm on every dataset."""
    rows = sorted((row for table in tables for row in table.rows), key=lambda row: bool(row.problems))
    names = {row.label: grids.marked_name(row) for row in rows}  # marked if it is so on any dataset
    columns = [_headline(table) for table in tables]
    lines = tuple(
        Line(label, (Cell(names[label]), *(column.get(label, Cell(grids.DASH, QUIET)) for column in columns)))
        for label in sorted(names, key=paper().rank)
    )
    heads = (Head("Method"), *(_matrix_head(number, table) for number, table in enumerate(tables, 1)))
    tested = any(table.ranks[table.columns[0].metric].tested for table in tables if table.columns)
    return View("All datasets: the headline metric of each", heads, lines, tested)


def costs(table: Table, tags: Mapping[str, Mapping[str, str]]) -> View | None:
    """Return what the runs of each arm cost; None if no run says."""
    lines = tuple(
        Line(
            row.label,
            (Cell(grids.marked_name(row)), *(Cell(text, _quiet(text)) for text in cost.texts(table, row, tags))),
        )
        for row in table.rows
        if row.done
    )
    return View("Cost: means over finished runs", tuple(map(Head, ("Method", *cost.HEADS))), lines) if lines else None


def _matrix_head(number: int, table: Table) -> Head:
    text, signature = (head(table.columns[0]), table.columns[0].signature) if table.columns else ("no scores", "")
    return Head(text, signature, table.dataset, section_id(number))


def _headline(table: Table) -> dict[str, Cell]:
    if not table.columns:
        return {}
    column = table.columns[0]
    rank = table.ranks[column.metric]
    texts = {row.label: grids.score_text(row.scores[column.metric], column.decimals) for row in table.rows}
    return {label: Cell(text, _mark(rank, label) or _quiet(text)) for label, text in texts.items()}


def _mark(ranking: Ranking | None, label: str) -> str:
    """Return the mark of a row: best or tied. The next row after these has none on the page."""
    place = ranking.places.get(label) if ranking else None
    return place if place in ("best", "tied") else ""


def _quiet(text: str, head: str = "") -> str:
    return QUIET if text == grids.DASH or head == "published" else ""
