"""The reference arm against each other arm: the paper's test over sequences, and the honest ones over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bench.contracts.metric import FloatArray
from bench.judging import statistics
from bench.judging.pair_verdict import pair_verdict
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
    sequences = {row.label: _one_run(runs, row.label, per_sequence) for row in (reference, *others)}
    found = []
    for column in (column for column in columns if column.metric in spec.tested):
        for row in others:
            p_published = value_of(published.get(column.metric, {}), row.label, labels)
            found.append(_comparison(reference, row, column, p_published, sequences))
    welch = statistics.holm([comparison.p_welch for comparison in found])
    permutation = statistics.holm([comparison.p_permutation for comparison in found])
    family = sum(comparison.p_permutation is not None for comparison in found)
    by_label, by_metric = {row.label: row for row in others}, {column.metric: column for column in columns}
    adjusted = []
    for one, first, second in zip(found, welch, permutation, strict=True):
        ours, theirs = (row.scores[one.metric].values for row in (reference, by_label[one.label]))
        better = by_metric[one.metric].better
        verdict = pair_verdict(ours, theirs, better, by_seed=False, p=second, family=max(1, family))
        adjusted.append(replace(one, holm_welch=first, holm_permutation=second, verdict=verdict))
    return adjusted


def _comparison(
    reference: Row, row: Row, column: Column, p_published: str | None, sequences: Mapping[str, pd.DataFrame]
) -> Comparison:
    metric = column.metric
    ours, theirs = reference.scores[metric].values, row.scores[metric].values
    both = bool(ours and theirs)
    of_one = [_column(sequences[label], metric) for label in (reference.label, row.label)]
    return Comparison(
        metric,
        row.label,
        row.name,
        statistics.difference(ours, theirs) if both else None,
        statistics.improvement(ours, theirs, column.better) if both else None,
        statistics.welch(*of_one) if both else None,
        p_published,
        statistics.welch(ours, theirs) if both else None,
        statistics.permutation(ours, theirs) if both else None,
    )


def _one_run(runs: pd.DataFrame, label: str, per_sequence: PerSequence) -> pd.DataFrame:
    """Return the scores per sequence of the row's finished run with the lowest seed, like the paper's one run."""
    mine = runs[(runs["label"] == label) & (runs["status"] == "done")].sort_values("seed")
    return per_sequence(str(mine["run_id"].iloc[0]))


def _column(sequences: pd.DataFrame, metric: str) -> FloatArray:
    return sequences[metric].dropna().to_numpy(dtype=float) if metric in sequences else np.empty(0)
