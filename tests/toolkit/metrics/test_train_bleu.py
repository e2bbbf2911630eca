from __future__ import annotations

import numpy as np
import pytest
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from bench.contracts.data import SequenceData, Source, TokenArray
from bench.contracts.metric import Generated
from bench.contracts.vocabulary import Vocabulary
from bench.toolkit.metrics.train_bleu import train_bleu_metrics

END = 0


def rows(count: int, seed: int) -> TokenArray:
    """Return different rows of varying length, filled up with the end token."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(1, 7, (count, 8))
    drawn[np.arange(8) >= rng.integers(3, 9, (count, 1))] = END
    return np.unique(drawn, axis=0).astype(np.int64)


@pytest.fixture
def data() -> SequenceData:
    mixed = np.random.default_rng(5).permutation(rows(60, 0))
    train, valid, test = mixed[:40], mixed[40:50], rows(10, 1)
    return SequenceData(train, valid, test, Vocabulary(tuple("eabcdefg"), end=END), Source("", "", "", "generated"))


def by_nltk(hypothesis: TokenArray, references: TokenArray, order: int) -> float:
    told = [row[row != END].tolist() for row in references]
    smoothing = SmoothingFunction().method1
    return float(sentence_bleu(told, hypothesis[hypothesis != END].tolist(), [1 / order] * order, smoothing))


def test_the_references_are_train_and_the_held_out_rows(data: SequenceData) -> None:
    hypotheses, references = rows(12, 2), np.concatenate([data.train, data.valid])
    for order, metric in zip((2, 3, 4, 5), train_bleu_metrics(data), strict=True):
        assert metric.name == f"train-bleu-{order}"
        assert metric.signature() == f"train-bleu-{order}|refs:50|split:train+valid|smooth:method1|avg:mean"
        found = metric.score(Generated(hypotheses), data).per_sequence
        expected = [by_nltk(row, references, order) for row in hypotheses]
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_copier_scores_one(data: SequenceData) -> None:
    copies = np.concatenate([data.valid, data.train])[::-1]
    assert [metric.score(Generated(copies), data).value for metric in train_bleu_metrics(data, orders=[2, 3])] == [1, 1]


@pytest.mark.parametrize("count", [1, 4, 10])
def test_the_real_row_is_scored_against_all_other_rows(data: SequenceData, count: int) -> None:
    (metric,) = train_bleu_metrics(data, orders=[3])
    found = metric.score(Generated(data.valid[:count].copy()), data).per_sequence
    references = np.concatenate([data.valid, data.train])
    expected = [by_nltk(data.valid[i], np.delete(references, i, 0), 3) for i in range(count)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
