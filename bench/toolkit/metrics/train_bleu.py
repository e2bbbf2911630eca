"""BLEU against the whole published training file, as in Texygen's tables (Zhu et al. 2018, "on training dataset").

The references are the training rows and the held-out rows taken from the same file: other people's models are trained
on both. A model that copies its training data scores 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import ClassVar

import numpy as np

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.metric import Metric
from bench.toolkit.metrics.bleu import Average, Bleu, BleuIndex, Remembered, Smoothing, Statistics, kept_index
from bench.toolkit.metrics.self_bleu import self_statistics


class TrainBleu(Bleu):
    """The metric train-bleu-n."""

    family: ClassVar[str] = "train-bleu"


def train_bleu_metrics(
    data: SequenceData,
    *,
    orders: Sequence[int] = (2, 3, 4, 5),
    smoothing: Smoothing = "method1",
    average: Average = "mean",
) -> list[Metric]:
    """Return train-bleu-n for each of `orders` against the rows of train and valid; one index serves them all.

    The *real* row repeats the held-out rows, which are references here, and training rows after them if it is longer.
    So each of its rows is scored against all other references, as in Self-BLEU. `data.train` and `data.valid` must have
    no repeated row.
    """
    references, end, most = np.concatenate([data.valid, data.train]), data.vocabulary.end, max(orders)

    @cache
    def index() -> BleuIndex:
        return kept_index(references, data.shelves, end=end, max_order=most)

    def compute(hypotheses: TokenArray) -> Statistics:
        count = len(hypotheses)
        if not np.array_equal(hypotheses, references[:count]):
            return index().statistics(hypotheses)
        own = self_statistics(references, end=end, max_order=most)
        return Statistics(own.matches[:count], own.totals[:count], own.lengths[:count], own.closest[:count])

    statistics, made = Remembered(compute), f"refs:{len(references)}|split:train+valid"
    return [TrainBleu(order, statistics, made, smoothing, average) for order in orders]
