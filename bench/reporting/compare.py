"""The reference arm against each other arm on each metric: the paper's test over sequences, and those over seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bench.contracts.metric import Better, FloatArray
from bench.judging import over_seeds, statistics
from bench.judging.over_seeds import Arm
from bench.planning.cell import REAL
from bench.reporting.paper import Published, stands_for_base, value_of
from bench.reporting.table import Column, Comparison, PerSequence, Row

if TYPE_CHECKING:
    import pandas as pd


def compare(
    reference: Row,
    rows: Sequence[Row],
    columns: Sequence[Column],
    spec: Published,
    runs: pd.DataFrame,
    per_sequence: PerSequence,
) -> list[Comparison]:
    """Return the reference against every other finished row but *real*, on each metric; Holm is over the rows."""
    others = [row for row in rows if row.label not in (REAL, reference.label) and row.done]
    labels = {row.label for row in rows}
    published = spec.p if stands_for_base(reference.label, labels) else {}
    sequences = {row.label: one_run(runs, row.label, per_sequence) for row in (reference, *others)}
    compared: list[Comparison] = []
    for column in columns:
        ours, arms = reference.arm(column.metric), [row.arm(column.metric) for row in others]
        beside = [value_of(published.get(column.metric, {}), row.label, labels) for row in others]
        found = [_comparison(reference, row, column, p, sequences) for row, p in zip(others, beside, strict=True)]
        compared += _adjusted(found, ours, arms, column.better)
    return compared


def _adjusted(found: Sequence[Comparison], ours: Arm, arms: Sequence[Arm], better: Better) -> Iterator[Comparison]:
    """Yield the comparisons of one metric with their p after Holm over the rows, and with what follows from it."""
    t = statistics.holm([comparison.p_t for comparison in found])
    exact = statistics.holm([comparison.p_exact for comparison in found])
    family = max(1, sum(comparison.p_exact is not None for comparison in found))
    needed = _needed(found, ours, arms)
    for one, arm, first, second in zip(found, arms, t, exact, strict=True):
        said = over_seeds.verdict(ours, arm, better, second, family)
        yield replace(one, holm_t=first, holm_exact=second, verdict=said, needed=needed.get(one.label))


def _needed(found: Sequence[Comparison], ours: Arm, arms: Sequence[Arm]) -> dict[str, int | None]:
    """Return label -> the seeds per arm that its test needs, without rows that lack scores or have all values equal."""
    beside = {one.label: (ours, arm) for one, arm in zip(found, arms, strict=True) if one.difference}
    tests = {
        one.label: beside[one.label]
        for one in found
        if one.p_exact is not None or (one.difference and over_seeds.smallest_p(*beside[one.label]) is None)
    }
    return dict(zip(tests, over_seeds.seeds_needed([*tests.values()]), strict=True))


def _comparison(
    reference: Row, row: Row, column: Column, p_published: str | None, sequences: Mapping[str, pd.DataFrame]
) -> Comparison:
    metric = column.metric
    found = over_seeds.over_seeds(reference.arm(metric), row.arm(metric), column.better)
    of_one = [column_of(sequences[label], metric) for label in (reference.label, row.label)]
    return Comparison(
        metric,
        row.label,
        row.name,
        found.difference if found else None,
        found.improvement if found else None,
        statistics.welch(*of_one) if found else None,
        p_published,
        found.pairs if found else 0,
        found.p_t if found else None,
        found.p_exact if found else None,
    )


def one_run(runs: pd.DataFrame, label: str, per_sequence: PerSequence) -> pd.DataFrame:
    """Return the scores per sequence of the row's finished run with the lowest seed, like the paper's one run."""
    mine = runs[(runs["label"] == label) & (runs["status"] == "done")].sort_values("seed")
    return per_sequence(str(mine["run_id"].iloc[0]))


def column_of(sequences: pd.DataFrame, metric: str) -> FloatArray:
    """Return the (n,) scores of a metric that are defined; empty if the run has none."""
    return sequences[metric].dropna().to_numpy(dtype=float) if metric in sequences else np.empty(0)
