"""Mean squared error of music, in squared semitones. The SeqGAN paper gives no formula; these two are our own.

A token's id stands for its pitch: ids differ as pitches do.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.metric import Better, FloatArray, Generated, Scores, UnknownWords

CHUNK = 1024  # rows of distances at a time: 24 MB against 3,000 training sequences


class MSE:
    """Squared distance to the mean training pitch at each position; it has the size of the published values.

    A generator that collapses to that mean scores best, so tables mark a value below the real row's.
    """

    name = "mse"
    better: ClassVar[Better] = "lower"
    unknown_words: ClassVar[UnknownWords] = "error"

    def __init__(self, data: SequenceData) -> None:
        self._size = len(data.train)

    def signature(self) -> str:
        """Return the target of the distance, and the number of training sequences."""
        return f"{self.name}|refs:{self._size}|to:mean"

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return the mean over sequences and positions."""
        return Scores.mean_of(((generated.sequences - data.train.mean(0)) ** 2).mean(1))


class MSENearest:
    """Squared distance to the nearest training sequence, mean over positions; 0 is a copy of the training data."""

    name = "mse_nearest"
    better: ClassVar[Better] = "lower"
    unknown_words: ClassVar[UnknownWords] = "error"

    def __init__(self, data: SequenceData) -> None:
        self._size = len(data.train)

    def signature(self) -> str:
        """Return the target of the distance, and the number of training sequences."""
        return f"{self.name}|refs:{self._size}|to:nearest"

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return the mean over sequences of the distance to the nearest one."""
        return Scores.mean_of(_nearest(generated.sequences, data.train) / data.length)


def mse_metrics(data: SequenceData) -> list[MSE | MSENearest]:
    """Return mse and mse_nearest."""
    return [MSE(data), MSENearest(data)]


def _nearest(sequences: TokenArray, training: TokenArray) -> FloatArray:
    """Return (n,) least squared Euclidean distance to a row of `training`; exact, for all terms are whole numbers."""
    rows, columns = sequences.astype(np.float64), training.astype(np.float64).T
    squares = (columns**2).sum(0)
    least = np.empty(len(rows))
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        distances = chunk @ (-2 * columns)
        distances += squares
        least[start : start + CHUNK] = distances.min(1) + (chunk**2).sum(1)
    return least
