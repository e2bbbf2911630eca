"""Find the best row of a column, the rows that no test tells from it, and the next row after these."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.contracts.metric import Better
from bench.judging import over_seeds, statistics
from bench.judging.pair_verdict import LEVEL
from bench.planning.cell import REAL
from bench.reporting.grids import number
from bench.reporting.table import Column, Entry, Place, Ranking, Row

MOST = 20_000  # regroupings of a permutation test: 8 runs against 8 have 12,870


def rank(column: Column, rows: Sequence[Row]) -> Ranking:
    """Return the places of a column's rows.

    *Real* takes no part, nor does a value that is marked as no better than *real*, or a bound on the wrong side.
    """
    able = [row for row in rows if row.label != REAL and _counts(row.scores[column.metric], column.better)]
    able.sort(key=lambda row: row.scores[column.metric].mean or 0.0, reverse=column.better == "higher")
    if not able:
        return Ranking({}, tested=False)
    best, *others = able
    tested = _can_tell(best, others, column.metric)
    found = [_p(best, row, column) if tested else None for row in others]
    places: dict[str, Place] = {best.label: "best"}
    for row, p in zip(others, statistics.holm(found), strict=True):
        if (p is not None and p >= LEVEL) or _printed(row, column) == _printed(best, column):
            places[row.label] = "tied"
    if behind := next((row for row in others if row.label not in places), None):
        places[behind.label] = "next"
    return Ranking(places, tested)


def _counts(entry: Entry, better: Better) -> bool:
    """Return whether a value may be the best. A lower bound of a loss may not: the loss itself can be any higher."""
    return entry.mean is not None and not entry.marked and entry.bound != better


def _can_tell(best: Row, others: Sequence[Row], metric: str) -> bool:
    """Return whether the least p of any pair, after Holm over all pairs, is below .05."""
    least = [over_seeds.smallest_p(best.arm(metric), row.arm(metric)) for row in others]
    defined = [p for p in least if p is not None]
    return len(defined) * min(defined, default=1.0) < LEVEL and bool(defined)


def _p(best: Row, row: Row, column: Column) -> float | None:
    """Return the exact p of two rows; that of the t-test if there are many regroupings, as a page has many pairs."""
    one, other = best.arm(column.metric), row.arm(column.metric)
    sizes = len(one.scores), len(other.scores)
    if len(over_seeds.common_starts(one, other)) < 2 and math.comb(sum(sizes), sizes[0]) > MOST:
        return statistics.welch(one.values, other.values)
    found = over_seeds.over_seeds(one, other, column.better)
    return found.p_exact if found else None


def _printed(row: Row, column: Column) -> str:
    return number(row.scores[column.metric].mean, column.decimals)
