"""Mark values beyond the real row's: they are no better, for held-out data do not reach them.

A model that plays the mean has a low MSE; one that draws the same few sequences, which the oracle finds likely, has an
NLL_oracle that no honest sampler of the oracle reaches, and few different pairs of words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bench.planning.cell import REAL
from bench.reporting.compare import column_of, one_run
from bench.reporting.paper import Published
from bench.reporting.table import PerSequence, Row
from bench.toolkit.metrics import copying, distinct

if TYPE_CHECKING:
    import pandas as pd

ORACLE = "nll_oracle"
ERRORS = 3
"""So many standard errors below the real row's NLL_oracle, chance no longer explains a value."""
FEW = 0.5
"""A distinct-2 below this share of the real row's is marked."""


def marked(rows: Sequence[Row], spec: Published, runs: pd.DataFrame, per_sequence: PerSequence) -> list[Row]:
    """Return the rows with their values beyond the real row's marked; as they are if no real row is done.

    All values of a column have one signature, so they are of the same data and of equally many samples.
    """
    real = next((row for row in rows if row.label == REAL and row.done), None)
    if real is None:
        return list(rows)
    means = {metric: entry.mean for metric, entry in real.scores.items() if entry.mean is not None}
    lowest = {metric: means[metric] for metric in (*spec.under_dispersed, *copying.HIGHER) if metric in means}
    if distinct.NAME in means:
        lowest[distinct.NAME] = FEW * means[distinct.NAME]
    if ORACLE in means:
        lowest[ORACLE] = means[ORACLE] - _chance(runs, per_sequence)
    highest = {metric: means[metric] for metric in copying.LOWER if metric in means}
    return [_marked(row, lowest, highest) for row in rows]


def _chance(runs: pd.DataFrame, per_sequence: PerSequence) -> float:
    """Return how far below the real row's NLL_oracle as many other samples of the oracle may come by chance.

    It is ERRORS standard errors of the difference of two means, by the spread of the real row's sequences.
    """
    found = column_of(one_run(runs, REAL, per_sequence), ORACLE)
    return ERRORS * float(found.std(ddof=1)) * math.sqrt(2 / len(found)) if len(found) > 1 else 0.0


def _marked(row: Row, lowest: Mapping[str, float], highest: Mapping[str, float]) -> Row:
    def beyond(metric: str, mean: float | None) -> bool:
        return mean is not None and not lowest.get(metric, -math.inf) <= mean <= highest.get(metric, math.inf)

    scores = {
        metric: replace(entry, marked=True) if beyond(metric, entry.mean) else entry
        for metric, entry in row.scores.items()
    }
    return replace(row, scores=scores)
