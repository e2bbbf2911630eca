"""Whether a generator repeats its training data: the NLL of that data, and copied rows and 4-grams.

Fresh samples of a known oracle repeat some by chance: read the shares beside those of the *real* row.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.metric import Better, Generated, Metric, Scores, UnknownWords
from bench.toolkit.metrics.nll import per_sequence_nll, unit

ORDER = 4


class NLLGap:
    """The generator's NLL of test data minus its NLL of training data; undefined without log_prob."""

    name = "nll_gap"
    better: ClassVar[Better] = "lower"
    unknown_words: ClassVar[UnknownWords] = "miss"
    only_final = True

    def __init__(self, data: SequenceData) -> None:
        self._signature = f"{self.name}|test:{len(data.test)}|train:{len(data.train)}|{unit(data)}"

    def signature(self) -> str:
        """Return the unit (per token, natural log) and the size of both splits."""
        return self._signature

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return the difference of two means over sequences."""
        if generated.log_prob is None:
            return Scores(None)
        end = data.vocabulary.end
        test, train = (per_sequence_nll(generated.log_prob, rows, end).mean() for rows in (data.test, data.train))
        return Scores(float(test - train))


class TrainGrams:
    """The share of the samples' `order`-grams that occur in training; order T: the share of copied rows."""

    better: ClassVar[Better] = "lower"
    unknown_words: ClassVar[UnknownWords] = "undefined"
    only_final = True

    def __init__(self, name: str, order: int, data: SequenceData) -> None:
        self.name = name
        self._order = min(order, data.length)
        self._signature = f"{name}|grams:{self._order}|refs:{len(data.train)}|split:train"

    def signature(self) -> str:
        """Return the length of the n-grams, and the number of training rows."""
        return self._signature

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return the mean of the samples' shares."""
        words = len(data.vocabulary)
        train, samples = (_grams(rows, self._order, words) for rows in (data.train, generated.sequences))
        found = np.isin(samples.ravel(), train.ravel()).reshape(samples.shape)
        return Scores.mean_of(found.mean(1))


def _grams(rows: TokenArray, order: int, words: int) -> NDArray[np.int64] | NDArray[np.void]:
    """Return (n, T - order + 1) n-grams, each as a number if all fit into 63 bits, else as its bytes."""
    windows = sliding_window_view(rows, order, axis=1)
    if words**order < 2**63:
        return windows @ words ** np.arange(order, dtype=np.int64)
    whole = np.ascontiguousarray(windows)
    return whole.view(np.dtype((np.void, whole.dtype.itemsize * order)))[..., 0]


def memorisation_metrics(data: SequenceData) -> list[Metric]:
    """Return the NLL gap, copied rows, and 4-grams of training rows."""
    return [NLLGap(data), TrainGrams("copied_rows", data.length, data), TrainGrams("train_4grams", ORDER, data)]
