"""Self-BLEU (Zhu et al. 2018, Texygen): BLEU of each sample against all others; high if they are alike.

Without a sample, the clip of an n-gram changes only if that sample has the highest count of it; the clip is then the
second highest. So one pass over all samples gives each its exact score.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.errors import BenchError
from bench.contracts.metric import Better, FloatArray, Metric
from bench.toolkit.metrics.bleu import Average, Bleu, Remembered, Smoothing, Statistics, gather
from bench.toolkit.metrics.ngrams import Grams, IntArray, changes, extend, flatten, no_grams, sum_by_row


def self_statistics(sequences: TokenArray, *, end: int | None = None, max_order: int = 5) -> Statistics:
    """Return what BLEU needs of each of the (n, T) sequences, with the other n - 1 as its references.

    BenchError if there are fewer than two.
    """
    if len(sequences) < 2:
        raise BenchError("Self-BLEU needs two sequences or more: a single one has no references")
    flat = flatten(sequences, end)
    vocabulary = int(flat.tokens.max(initial=-1)) + 1
    grams, matches = no_grams(flat), []
    for order in range(1, max_order + 1):
        grams = extend(flat, grams, order, vocabulary)
        matches.append(_matches(grams, len(sequences)))
        grams = _shared(grams)
    return gather(matches, flat.lengths, _closest_others(flat.lengths))


def _matches(grams: Grams, count: int) -> FloatArray:
    """Return (count,) n-grams of each row, clipped at the highest count in any other row."""
    most = np.maximum.reduceat(grams.counts, grams.first)
    leading = np.flatnonzero(grams.counts == most[grams.gram])
    holder = leading[changes(grams.gram[leading])]  # of several, the first: the others then clip at the same count
    clipped = grams.counts.copy()
    clipped[holder] = 0
    clipped[holder] = np.maximum.reduceat(clipped, grams.first)
    return sum_by_row(grams, clipped, count)


def _shared(grams: Grams) -> Grams:
    """Drop the n-grams that occur in one row only: no longer n-gram that begins with them matches another row."""
    holders = np.diff(grams.first, append=len(grams.counts))
    return grams._replace(ids=np.where(holders[grams.ids] > 1, grams.ids, -1))


def _closest_others(lengths: IntArray) -> IntArray:
    """Return (n,) the nearest length among the others, the shorter of two equally near: a neighbour when sorted."""
    order = np.argsort(lengths, kind="stable")
    ascending = lengths[order]
    below = np.append(ascending[1], ascending[:-1])
    above = np.append(ascending[1:], ascending[-2])
    closest = np.empty_like(lengths)
    closest[order] = np.where(abs(ascending - below) <= abs(above - ascending), below, above)
    return closest


class SelfBleu(Bleu):
    """The metric self-bleu-n: lower is more diverse."""

    better: ClassVar[Better] = "lower"
    family: ClassVar[str] = "self-bleu"
    fewest: ClassVar[int] = 2


def self_bleu_metrics(
    data: SequenceData,
    *,
    orders: Sequence[int] = (2, 3, 4, 5),
    smoothing: Smoothing = "method1",
    average: Average = "mean",
) -> list[Metric]:
    """Return self-bleu-n for each of `orders`, from one pass over the samples; `data` gives the end token only."""
    end, max_order = data.vocabulary.end, max(orders)
    statistics = Remembered(lambda sequences: self_statistics(sequences, end=end, max_order=max_order))
    return [SelfBleu(order, statistics, "refs:others", smoothing, average) for order in orders]
