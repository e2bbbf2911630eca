"""Memorisation and counted divergences against sets and Counters."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
import torch

from bench.contracts.data import SequenceData, Source
from bench.contracts.metric import FloatArray, Generated
from bench.contracts.vocabulary import Vocabulary
from bench.toolkit.metrics.counted import CountedReverseKL, CountedTV
from bench.toolkit.metrics.memorisation import NLLGap, TrainGrams, memorisation_metrics
from bench.toolkit.metrics.truth import EnumeratedTruth
from bench.toolkit.models.markov import MarkovChain


def data(words: int, length: int, rows: int = 50) -> SequenceData:
    rng = np.random.default_rng(words)
    train, valid, test = (rng.integers(0, min(words, 6), (rows, length)) + max(0, words - 6) for _ in range(3))
    return SequenceData(train, valid, test, Vocabulary(tuple(map(str, range(words)))), Source("", "", "", "generated"))


@pytest.mark.parametrize("words", [6, 50_000, 100_000])
@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_share_of_grams_that_occur_in_training(words: int, order: int) -> None:
    known = data(words, 5)
    grams = {tuple(row[i : i + order]) for row in known.train.tolist() for i in range(6 - order)}
    samples = np.concatenate([known.train[:2], known.test[:20]])
    wanted = [
        np.mean([tuple(row[i : i + order]) in grams for i in range(6 - order)]).item() for row in samples.tolist()
    ]
    found = TrainGrams("grams", order, known).score(Generated(samples), known)
    assert found.per_sequence == pytest.approx(wanted) and found.value == pytest.approx(np.mean(wanted))
    assert wanted[:2] == [1, 1] and (order < 4 or min(wanted) < 1)


def test_copied_rows_are_whole_rows() -> None:
    known = data(100_000, 12)
    samples = np.concatenate([known.train[[4, 4]], known.test[:2]])
    copied = next(metric for metric in memorisation_metrics(known) if metric.name == "copied_rows")
    assert copied.score(Generated(samples), known).value == 0.5 and "|grams:12|" in copied.signature()
    assert "|grams:3|" in TrainGrams("short", 4, data(6, 3)).signature()


def test_the_gap_between_test_and_training() -> None:
    known = data(6, 5)

    def log_prob(rows: np.ndarray) -> FloatArray:
        return np.full(rows.shape, -1.0 if rows is known.train else -1.5)

    assert NLLGap(known).score(Generated(known.test, log_prob), known).value == pytest.approx(0.5)
    assert NLLGap(known).score(Generated(known.test), known).value is None


def test_divergences_from_counts() -> None:
    chain = MarkovChain.dirichlet(3, 3, order=1, concentration=0.5, uniform=0.1, rng=np.random.default_rng(0))
    truth = EnumeratedTruth(lambda rows: np.asarray(chain.log_prob(torch.from_numpy(rows))), 3, 3)
    known = data(3, 3)
    counts = Counter(map(tuple, known.test.tolist()))
    p = dict(zip(itertools.product(range(3), repeat=3), truth.p.tolist(), strict=True))
    shares = {row: counts[row] / len(known.test) for row in p}
    tv = sum(abs(shares[row] - p[row]) for row in p) / 2
    kl = sum(share * np.log(share / p[row]) for row, share in shares.items() if share) / 3
    generated = Generated(known.test)
    assert CountedTV(truth).score(generated, known).value == pytest.approx(tv)
    assert CountedReverseKL(truth).score(generated, known).value == pytest.approx(kl)


def test_a_sample_that_the_oracle_cannot_make_is_infinitely_far() -> None:
    never = MarkovChain([torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64)], 3)
    truth = EnumeratedTruth(lambda rows: np.asarray(never.log_prob(torch.from_numpy(rows))), 3, 3)
    known = data(3, 3)
    assert CountedReverseKL(truth).score(Generated(known.test), known).value is None
