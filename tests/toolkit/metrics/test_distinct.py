"""Distinct-2 against a set of pairs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bench.contracts.data import SequenceData, Source
from bench.contracts.metric import Generated
from bench.contracts.vocabulary import Vocabulary
from bench.toolkit.metrics.distinct import DistinctPairs


def data(end: int | None) -> SequenceData:
    one = np.zeros((1, 7), np.int64)
    return SequenceData(one, one, one, Vocabulary(tuple("abcdef"), end=end), Source("f", "", "MIT", "generated"))


@pytest.mark.parametrize("end", [None, 0])
def test_it_is_the_share_of_different_pairs(end: int | None) -> None:
    rows = np.random.default_rng(0).integers(0, 6, (30, 7))
    kept = [row[: row.index(end)] if end in row else row for row in rows.tolist()]
    pairs = [pair for row in kept for pair in itertools.pairwise(row)]
    assert DistinctPairs().score(Generated(rows), data(end)).value == len(set(pairs)) / len(pairs)


def test_samples_that_are_all_alike_have_few_pairs_and_empty_ones_none() -> None:
    metric, alike = DistinctPairs(), np.tile(np.arange(1, 6), (100, 1))
    assert metric.score(Generated(alike), data(0)).value == pytest.approx(0.01)
    assert metric.score(Generated(np.zeros((5, 7), np.int64)), data(0)).value is None
    assert metric.score(Generated(np.zeros((0, 7), np.int64)), data(None)).value is None
    assert metric.signature() == "distinct-2"
