"""The reference arm against each other arm: the paper's test over sequences, and the honest ones over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bench.contracts.metric import FloatArray
from bench.judging import over_seeds, statistics
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
    """Return every finished row but *real* and the reference itself, on each tested metric; Holm over all of them."""
    others = [row for row in rows if row.label not in (REAL, reference.label) and row.done]
    labels = {row.label for row in rows}
    published = spec.p if stands_for_base(reference.label, labels) else {}
    sequences = {row.label: one_run(runs, row.label, per_sequence) for row in (reference, *others)}
    found = []
    for column in (column for column in columns if column.metric in spec.tested):
        for row in others:
            p_published = value_of(published.get(column.metric, {}), row.label, labels)
            found.append(_comparison(reference, row, column, p_published, sequences))
    t = statistics.holm([comparison.p_t for comparison in found])
    exact = statistics.holm([comparison.p_exact for comparison in found])
    family = max(1, sum(comparison.p_exact is not None for comparison in found))
    by_label, by_metric = {row.label: row for row in others}, {column.metric: column for column in columns}
    adjusted = []
    for one, first, second in zip(found, t, exact, strict=True):
        ours, theirs = (row.arm(one.metric) for row in (reference, by_label[one.label]))
        said = over_seeds.verdict(ours, theirs, by_metric[one.metric].better, second, family)
        adjusted.append(replace(one, holm_t=first, holm_exact=second, verdict=said))
    return adjusted


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
