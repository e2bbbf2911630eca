"""Find the best row of a column, and the rows that its runs cannot be told from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from bench.judging import statistics
from bench.judging.over_seeds import Arm, common_starts, over_seeds, smallest_p
from bench.judging.pair_verdict import LEVEL
from bench.planning.cell import REAL
from bench.reporting.grids import number
from bench.reporting.table import Column, Row, Table

Place = Literal["best", "tied"]
MOST = 20_000  # regroupings of a permutation test: 8 runs against 8 have 12,870


class Places(NamedTuple):
    """Label -> place of the rows that have one. `tested` is False if so few runs cannot tell any row from the best."""

    of: Mapping[str, Place]
    tested: bool


def places(table: Table) -> dict[str, Places]:
    """Return metric -> the best row of its column and the rows that are not distinguishable from it.

    Models alone compete: neither the real row, nor values marked as not better, nor bounds. A row is tied if the exact
    p over seeds of the best row against it is .05 or more, by Holm's method over the column, or if both are printed
    alike. The p of the t-test stands in if the runs have more than 20,000 regroupings.
    """
    return {column.metric: _of_column(table.rows, column) for column in table.columns}


def _of_column(rows: Sequence[Row], column: Column) -> Places:
    rivals = [row for row in rows if _competes(row, column)]
    rivals.sort(key=lambda row: row.scores[column.metric].mean or 0.0, reverse=column.better == "higher")
    if not rivals:
        return Places({}, tested=False)
    best, *others = (row.arm(column.metric) for row in rivals)
    tested = _can_tell(best, others)
    adjusted = statistics.holm([_p(best, other, column) if tested else None for other in others])
    found: dict[str, Place] = {rivals[0].label: "best"}
    for row, p in zip(rivals[1:], adjusted, strict=True):
        if (p is not None and p >= LEVEL) or _printed(row, column) == _printed(rivals[0], column):
            found[row.label] = "tied"
    return Places(found, tested)


def _competes(row: Row, column: Column) -> bool:
    score = row.scores[column.metric]
    return row.label != REAL and score.mean is not None and not score.marked and score.bound is None


def _can_tell(best: Arm, others: Sequence[Arm]) -> bool:
    """Return whether the least p of the best row against another, after Holm over all others, is below .05."""
    least = [p for other in others if (p := smallest_p(best, other)) is not None]
    return any(len(least) * p < LEVEL for p in least)


def _p(best: Arm, other: Arm, column: Column) -> float | None:
    """Return the exact p; that of the t-test if there are many regroupings, since a page has a thousand such pairs."""
    sizes = len(best.scores), len(other.scores)
    if len(common_starts(best, other)) < 2 and math.comb(sum(sizes), sizes[0]) > MOST:
        return statistics.welch(best.values, other.values)
    found = over_seeds(best, other, column.better)
    return found.p_exact if found else None


def _printed(row: Row, column: Column) -> str:
    return number(row.scores[column.metric].mean, column.decimals)
