"""Divergences from counts of samples, if all sequences are known; a generator needs no log_prob.

The share of samples that equal a sequence estimates its probability (a plug-in estimate). The divergences are biased:
those of the oracle's own samples are above 0. Compare a row with the *real* row.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from bench.contracts.data import SequenceData
from bench.contracts.metric import Better, FloatArray, Generated, Scores, UnknownWords
from bench.toolkit.metrics.truth import EnumeratedTruth


class CountedTV:
    """Total variation between oracle and samples, over whole sequences."""

    name = "counted_tv"
    better: ClassVar[Better] = "lower"
    unknown_words: ClassVar[UnknownWords] = "undefined"

    def __init__(self, truth: EnumeratedTruth) -> None:
        self._truth = truth

    def signature(self) -> str:
        """Return that counts are used, and the number of possible sequences."""
        return f"{self.name}|from:counts|sequences:{len(self._truth.every)}"

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return half the sum of absolute differences."""
        return Scores(float(np.abs(self._truth.p - _shares(generated, data)).sum() / 2))


class CountedReverseKL:
    """KL(samples || oracle) in nats a token."""

    name = "counted_reverse_kl"
    better: ClassVar[Better] = "lower"
    unknown_words: ClassVar[UnknownWords] = "undefined"

    def __init__(self, truth: EnumeratedTruth) -> None:
        self._truth = truth

    def signature(self) -> str:
        """Return that counts are used, the number of possible sequences, and the unit."""
        return f"{self.name}|from:counts|sequences:{len(self._truth.every)}|per:token|log:e"

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return the divergence; undefined if a sample is impossible under the oracle."""
        shares = _shares(generated, data)
        drawn = shares > 0
        if not np.all(self._truth.p[drawn] > 0):
            return Scores(None)
        total = (shares[drawn] * np.log(shares[drawn] / self._truth.p[drawn])).sum()
        return Scores(float(total) / data.length)


def _shares(generated: Generated, data: SequenceData) -> FloatArray:
    """Return (V ** T,) share of the samples that equal each sequence, in the order of EnumeratedTruth.every."""
    words = len(data.vocabulary)
    places = words ** np.arange(data.length - 1, -1, -1)
    counts = np.bincount(generated.sequences @ places, minlength=words**data.length)
    return counts / len(generated.sequences)
