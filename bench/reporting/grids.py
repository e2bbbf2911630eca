"""Turn tables into rows of text, the same for LaTeX, Markdown, HTML and the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bench.judging.pair_verdict import MOST_SEEDS
from bench.judging.statistics import Interval
from bench.reporting.table import Column, Comparison, Entry, Row, Table

DASH, DAGGER = "-", "†"
AGAINST, DIFFERENCE, EXACT, VERDICT = "Against", "Difference [95 % interval]", "p (seeds), exact", "Verdict"
SHORT_TESTS = (AGAINST, DIFFERENCE, EXACT, VERDICT)
"""The headers of the columns of tests that a narrow page has."""
UNSOUND = "‡"
"""The mark of a row whose trainer fails a quick check of its contract."""
NAME_WIDTH = 40  # characters per line of a row's name on a page
ARROWS = {"lower": "↓", "higher": "↑"}
BOUNDS = {"lower": "≥", "upper": "≤"}


@dataclass(frozen=True)
class Grid:
    """A caption, a header and rows, all text; the first column is the row's name."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def summary(table: Table, most: int = 5) -> Grid:
    """Return at most `most` metrics without the published values, to fit a terminal."""
    if not table.columns:
        return scores(table)
    columns = table.columns[:most]
    rows = (
        (marked_name(row), runs_text(row), *(score_text(row.scores[c.metric], c.decimals) for c in columns))
        for row in table.rows
    )
    header = ("Method", "Runs", *(f"{column.name} {ARROWS[column.better]}" for column in columns))
    return Grid(_number(table), header, tuple(rows))


def scores(table: Table) -> Grid:
    """Return each score, as mean and half-width of the 95 % interval over seeds, beside the published value."""
    header = ["Method", "Runs", *_human("Human score ↑", "published", table)]
    for column in table.columns:
        header += [f"{column.name} {ARROWS[column.better]}", *(["published"] if column.published else [])]
    header += [] if table.columns else ["Scores"]
    rows = [_row(row, table) for row in table.rows]
    return Grid(_number(table), tuple(header), tuple(rows))


def tests(table: Table) -> list[Grid]:
    """Return the comparisons of the reference arm with each other arm, a grid for each metric that the paper tests."""
    columns = [column for column in table.columns if column.metric in table.spec.tested]
    return [tests_on(table, column) for column in columns if table.comparisons]


def tests_on(table: Table, column: Column) -> Grid:
    """Return the comparisons of the reference arm with each other arm on one metric, and over how many rows Holm is."""
    comparisons = [one for one in table.comparisons if one.metric == column.metric]
    published = any(comparison.p_published for comparison in comparisons)
    header = [AGAINST, DIFFERENCE, "P(better)", "p (sequences)"]
    header += [*(["published p"] if published else []), "p (seeds), t", EXACT, VERDICT]
    names = {row.label: marked_name(row) for row in table.rows}
    rows = tuple((names[one.label], *_comparison(one, column, published)) for one in comparisons)
    reference = names[table.reference_row.label] if table.reference_row else None
    return Grid(f"{column.name}: {reference} against each{_holm(comparisons)}", tuple(header), rows)


def short_tests(table: Table) -> list[Grid]:
    """Return `tests` with the columns that a narrow page has room for, and each interval below its difference."""
    return [_shorter(grid) for grid in tests(table)]


def _shorter(grid: Grid) -> Grid:
    kept = [place for place, header in enumerate(grid.header) if header in SHORT_TESTS]
    rows = tuple(
        tuple(row[place].replace(" [", "\n[") if place == 1 else row[place] for place in kept) for row in grid.rows
    )
    return Grid(grid.caption, tuple(grid.header[place] for place in kept), rows)


def signatures(table: Table) -> list[tuple[str, str]]:
    """Return the name and the signature of each column."""
    return [(column.name, column.signature) for column in table.columns]


def title(table: Table) -> str:
    """Return the table's title, which names a made-up corpus as such."""
    return f"{table.spec.title} (SAMPLE CORPUS)" if is_sample(table) else table.spec.title


def is_sample(table: Table) -> bool:
    """Return whether the table's numbers come from a corpus that the program made itself."""
    return bool((table.runs["source_kind"] == "sample").any())


def number(value: float | None, decimals: int, sign: Literal["", "+"] = "") -> str:
    """Return the value with fixed decimals and without a negative zero; "-" for None."""
    return DASH if value is None else f"{value:{sign}z.{decimals}f}"


def p_value(p: float | None) -> str:
    """Return p as the paper prints it: "< 1e-6" if it is less."""
    if p is None:
        return DASH
    if p < 1e-6:
        return "< 1e-6"
    return f"{p:.1e}" if p < 1e-4 else f"{p:.4f}"


def score_text(entry: Entry, decimals: int) -> str:
    """Return `8.736 ± 0.021`, without the interval if it is undefined; a word for the state if there is no value.

    "≤" or "≥" before it marks an upper or a lower bound.
    """
    if entry.state in ("failed", "unfinished"):
        return entry.state
    if entry.mean is None:
        return DASH
    sign = f"{BOUNDS[entry.bound]} " if entry.bound else ""
    half = "" if entry.half is None else f" ± {number(entry.half, decimals)}"
    return sign + number(entry.mean, decimals) + half + (DAGGER if entry.marked else "")


def marked_name(row: Row) -> str:
    """Return the printed name of a row, with a mark if its trainer fails a quick check of its contract."""
    return row.name + (UNSOUND if row.problems else "")


def folded(name: str, width: int = NAME_WIDTH) -> str:
    """Return a row's name as lines of at most `width` characters, since SeqGAN [d_steps=1, k=1] can be long."""
    return textwrap.fill(name, width, break_on_hyphens=False)


def runs_text(row: Row) -> str:
    """`3`, or `2, 1 failed`."""
    counts = ((row.failed, "failed"), (row.unfinished, "unfinished"))
    return ", ".join([str(row.done), *(f"{count} {what}" for count, what in counts if count)])


def absence(row: Row) -> str:
    """Return the word for a row in a table in which no run has scores."""
    return "failed" if row.failed else "unfinished" if row.unfinished else DASH


def _number(table: Table) -> str:
    return f"{table.spec.number}: {title(table)}" if table.spec.number else title(table)


def _row(row: Row, table: Table) -> tuple[str, ...]:
    cells = [marked_name(row), runs_text(row), *_human(row.human, row.human_published or DASH, table)]
    for column in table.columns:
        score = row.scores[column.metric]
        cells += [score_text(score, column.decimals), *([score.published or DASH] if column.published else [])]
    cells += [] if table.columns else [absence(row)]
    return tuple(cells)


def _human(ours: str, published: str, table: Table) -> list[str]:
    """Return the cells of the human scores, the first column as in the paper; empty if the table has no such column."""
    return [ours, *([published] if table.spec.human else [])] if table.human else []


def _comparison(one: Comparison, column: Column, published: bool) -> tuple[str, ...]:
    cells = [_interval(one.difference, column.decimals), number(one.improvement, 2), p_value(one.p_sequences)]
    cells += [one.p_published or DASH] if published else []
    return (*cells, p_value(one.holm_t), DASH if one.needed else p_value(one.holm_exact), _verdict(one))


def _holm(comparisons: Sequence[Comparison]) -> str:
    """Return how many p over seeds the adjustment counts, those of t apart if they differ; "" if none is defined."""
    t, exact = sum(one.p_t is not None for one in comparisons), sum(one.p_exact is not None for one in comparisons)
    apart = "" if t == exact else f", t over {t}"
    return f"; Holm over {exact} {'row' if exact == 1 else 'rows'}{apart}" if exact else ""


def _verdict(one: Comparison) -> str:
    """Return `better`, `worse`, or `not distinguishable (+4 seeds)`; "-" if there is no test.

    `needs 6 seeds` if no difference is large enough for the exact p to be below .05 with fewer.
    """
    if one.needed:
        return f"needs {one.needed} seeds"
    said = one.verdict
    if said is None or said.p is None:
        return DASH
    if said.word != "not distinguishable":
        return said.word
    return f"{said.word} ({f'+{said.more}' if said.more is not None else f'over {MOST_SEEDS:,}'} seeds)"


def _interval(found: Interval | None, decimals: int) -> str:
    if found is None:
        return DASH
    low, high = number(found.low, decimals), number(found.high, decimals)
    value = number(found.value, decimals, sign="+")
    return f"{value} [{low}, {high}]" if found.low is not None else f"{value} [{DASH}]"
