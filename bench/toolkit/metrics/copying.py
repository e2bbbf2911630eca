"""Whether samples copy training rows or each other. Every dataset has these metrics.

Held-out data repeat some training data by chance: read each value beside that of the *real* row.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.lengths import live
from bench.contracts.metric import Better, FloatArray, Generated, Metric, Scores, UnknownWords

LOWER = ("copied_rows", "longest_copied")
"""Columns in which a value above the real row's shows copying."""
HIGHER = ("unique_rows",)
"""Columns in which a value below the real row's shows it."""
NAMES = frozenset((*LOWER, *HIGHER))
ROWS = 10_000
"""Training rows compared at once."""


class CopiedRows:
    """The share of samples that equal a training row, compared up to the first end token."""

    name = "copied_rows"
    better: ClassVar[Better] = "lower"
    unknown_words: ClassVar[UnknownWords] = "miss"
    only_final = True

    def __init__(self, data: SequenceData) -> None:
        self._train = len(data.train)

    def signature(self) -> str:
        """Return the number of training rows."""
        return f"{self.name}|train:{self._train}"

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return the share; 1 for each copy, 0 for each other sample."""
        return Scores.mean_of(copied(generated.sequences, data))


class LongestCopied:
    """The length in tokens of the longest run of a sample that occurs in a training row, as a mean over samples."""

    name = "longest_copied"
    better: ClassVar[Better] = "lower"
    unknown_words: ClassVar[UnknownWords] = "miss"
    only_final = True

    def __init__(self, data: SequenceData) -> None:
        self._train = len(data.train)

    def signature(self) -> str:
        """Return the unit, and the number of training rows."""
        return f"{self.name}|unit:token|train:{self._train}"

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return the mean of the lengths; a run holds no end token."""
        return Scores.mean_of(longest_runs(generated.sequences, data.train, data.vocabulary.end))


class UniqueRows:
    """The share of samples that differ from each earlier one, compared up to the first end token."""

    name = "unique_rows"
    better: ClassVar[Better] = "higher"
    unknown_words: ClassVar[UnknownWords] = "miss"
    only_final = True

    def signature(self) -> str:
        """Return the name alone: the number of samples is a part of every signature."""
        return self.name

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return the number of different samples over the number of samples; undefined without samples."""
        rows = [row.tobytes() for row in _ended(generated.sequences, data.vocabulary.end)]
        return Scores(len(set(rows)) / len(rows) if rows else None)


def copied(samples: TokenArray, data: SequenceData) -> FloatArray:
    """Return 1 for each of the (n, T) samples that equals a row of `data.train` up to the first end token, else 0."""
    end = data.vocabulary.end
    own = [row.tobytes() for row in _ended(samples, end)]
    wanted, known = set(own), set[bytes]()
    for first in range(0, len(data.train), ROWS):  # a large corpus does not fit into memory twice
        known |= wanted.intersection(row.tobytes() for row in _ended(data.train[first : first + ROWS], end))
    return np.array([row in known for row in own], dtype=np.float64)


def longest_runs(samples: TokenArray, train: TokenArray, end: int | None) -> FloatArray:
    """Return for each of the (n, T) samples the length of its longest run that occurs in a row of `train`.

    The training rows are taken in parts, which bounds the memory.
    """
    size = max(ROWS, len(samples))
    longest = np.zeros(len(samples), dtype=np.float64)
    for first in range(0, len(train), size):
        np.maximum(longest, _longest_runs(samples, train[first : first + size], end), out=longest)
    return longest


def _longest_runs(samples: TokenArray, train: TokenArray, end: int | None) -> FloatArray:
    """Return what `longest_runs` returns, with all training rows at once.

    Runs grow by one token at a time, and each has a number. Only runs that occur on both sides grow on.
    """
    base = int(max(samples.max(initial=0), train.max(initial=0))) + 1
    ours, theirs = _tokens(samples, end), _tokens(train, end)
    longest = np.zeros(len(samples), dtype=np.float64)
    places, others = np.argwhere(ours >= 0), np.argwhere(theirs >= 0)
    run, other = ours[ours >= 0], theirs[theirs >= 0]
    for length in range(1, samples.shape[1] + 1):
        known = np.intersect1d(run, other)
        mine, yours = np.isin(run, known), np.isin(other, known)
        places, others = places[mine], others[yours]
        if not len(places):
            break
        longest[places[:, 0]] = length
        run, other = np.searchsorted(known, run[mine]), np.searchsorted(known, other[yours])
        places, run = _grown(places, run, ours, length, base)
        others, other = _grown(others, other, theirs, length, base)
    return longest


def _grown(
    places: TokenArray, runs: TokenArray, rows: TokenArray, length: int, base: int
) -> tuple[TokenArray, TokenArray]:
    """Return the runs with one token more, if the row has one, and the (k, 2) places where they begin."""
    inside = places[:, 1] + length < rows.shape[1]
    places, runs = places[inside], runs[inside]
    following = rows[places[:, 0], places[:, 1] + length]
    alive = following >= 0
    return places[alive], runs[alive] * base + following[alive]


def _tokens(rows: TokenArray, end: int | None) -> TokenArray:
    """Return the rows with -1 for the end token and all tokens after it."""
    kept = _ended(rows, end)
    return kept if end is None else np.where(kept == end, -1, kept)


def _ended(rows: TokenArray, end: int | None) -> TokenArray:
    """Return the rows with -1 for all tokens after the first end token."""
    return np.ascontiguousarray(np.where(live(rows, end), rows, -1), dtype=np.int64)


def copying_metrics(data: SequenceData) -> list[Metric]:
    """Return copied rows, the longest copied run, and unique rows."""
    return [CopiedRows(data), LongestCopied(data), UniqueRows()]
