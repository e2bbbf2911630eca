"""BLEU (Papineni et al. 2002), equal to NLTK 3.10's, from an index of the references' n-grams.

A hypothesis n-gram is clipped at the highest count of it in any one reference. That maximum does not depend on the
hypothesis, so it is computed once for all references; NLTK computes it for every hypothesis.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple, get_args

import numpy as np

from bench.contracts import lengths as variable
from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.errors import BenchError, unknown
from bench.contracts.metric import Better, FloatArray, Generated, Metric, Scores, UnknownWords
from bench.toolkit import shelf
from bench.toolkit.metrics import ngrams
from bench.toolkit.metrics.ngrams import Grams, IntArray, extend, find, flatten, narrowed, no_grams, sum_by_row

Smoothing = Literal["none", "method1", "nltk-2016"]
Average = Literal["mean", "corpus"]
EPSILON = 0.1  # of method1, NLTK's default (Chen and Cherry 2014)


class Statistics(NamedTuple):
    """The counts that BLEU needs of n hypotheses.

    `matches` and `totals` (n, orders): clipped n-gram matches, and all n-grams (1 if the hypothesis is too short for
    one). `lengths` and `closest` (n,): the length of the hypothesis, and of the reference nearest to it in length.
    """

    matches: FloatArray
    totals: FloatArray
    lengths: IntArray
    closest: IntArray

    def sentence_scores(self, order: int, smoothing: Smoothing = "method1") -> FloatArray:
        """Return (n,) BLEU of each hypothesis."""
        return _bleu(self.matches[:, :order], self.totals[:, :order], self.lengths, self.closest, smoothing)

    def corpus_score(self, order: int, smoothing: Smoothing = "method1") -> float:
        """Return BLEU of all hypotheses as one text: counts and lengths are summed first."""
        matches, totals, lengths, closest = (part.sum(0) for part in self)
        return float(_bleu(matches[:order], totals[:order], lengths, closest, smoothing))


def gather(matches: Sequence[FloatArray], lengths: IntArray, closest: IntArray) -> Statistics:
    """Return the statistics with these (n,) matches of orders 1, 2, ..."""
    totals = np.maximum(1, lengths[:, None] - np.arange(len(matches)))
    return Statistics(np.stack(matches, 1), totals.astype(np.float64), lengths, closest)


class BleuIndex:
    """The clip of every n-gram of the references, orders 1 to `max_order`, and the references' lengths.

    `references` is (n, T) token ids. If `end` is given, tokens from the first `end` of a row on do not count, in
    references and hypotheses. BenchError if there are no references.
    """

    def __init__(self, references: TokenArray, *, end: int | None = None, max_order: int = 5) -> None:
        if not len(references):
            raise BenchError("BLEU has no references: the split it should take them from is empty")
        self.max_order = max_order
        self._end = end
        flat = flatten(references, end)
        self._lengths = np.unique(flat.lengths)
        # One id above those of the references stands for every other token.
        self._unseen = int(flat.tokens.max(initial=-1)) + 1
        self._keys: list[IntArray] = []
        self._clips: list[IntArray] = []
        grams = no_grams(flat)
        for order in range(1, max_order + 1):
            grams = extend(flat, grams, order, self._unseen + 1)
            clips = np.maximum.reduceat(grams.counts, grams.first)
            self._keys.append(narrowed(grams.keys))
            self._clips.append(clips.astype(np.min_scalar_type(clips.max(initial=0))))
            grams = grams.starts()

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, IntArray], *, end: int | None) -> BleuIndex:
        """Return the index of these `arrays()`; give the same `end`."""
        index = cls.__new__(cls)
        index._end, index.max_order = end, sum(name.startswith("keys") for name in arrays)
        index._lengths, index._unseen = arrays["lengths"], int(arrays["unseen"][0])
        index._keys, index._clips = (
            [arrays[f"{part}{order}"] for order in range(1, index.max_order + 1)] for part in ("keys", "clips")
        )
        return index

    def arrays(self) -> dict[str, IntArray]:
        """Return the arrays of the index by name."""
        keys, clips = (dict(enumerate(part, 1)) for part in (self._keys, self._clips))
        by_order = {f"keys{order}": keys[order] for order in keys} | {f"clips{order}": clips[order] for order in clips}
        return by_order | {"lengths": self._lengths, "unseen": np.array([self._unseen])}

    def statistics(self, hypotheses: TokenArray, orders: int | None = None) -> Statistics:
        """Return the statistics of (n, T) hypotheses at orders 1 to `orders` (default: all of the index)."""
        flat = flatten(hypotheses, self._end)
        flat = flat._replace(tokens=np.minimum(flat.tokens, np.int64(self._unseen)))
        grams, matches = no_grams(flat), []
        for order in range(1, (orders or self.max_order) + 1):
            grams, matched = self._match(extend(flat, grams, order, self._unseen + 1), order, len(hypotheses))
            matches.append(matched)
        return gather(matches, flat.lengths, closest_lengths(flat.lengths, self._lengths))

    def sentence_scores(self, hypotheses: TokenArray, order: int, smoothing: Smoothing = "method1") -> FloatArray:
        """Return (n,) BLEU-`order` of each of the (n, T) hypotheses, uniform weights."""
        self._check(order)
        return self.statistics(hypotheses, order).sentence_scores(order, smoothing)

    def corpus_score(self, hypotheses: TokenArray, order: int, smoothing: Smoothing = "method1") -> float:
        """Return BLEU-`order` of the hypotheses as one text, each against all references."""
        self._check(order)
        return self.statistics(hypotheses, order).corpus_score(order, smoothing)

    def _match(self, grams: Grams, order: int, count: int) -> tuple[Grams, FloatArray]:
        """Return clipped matches per row, and the n-grams with the references' ids, -1 for those not found."""
        found = find(grams.keys, self._keys[order - 1])
        clips = np.zeros(len(found), np.int64)
        clips[found >= 0] = self._clips[order - 1][found[found >= 0]]
        matches = sum_by_row(grams, np.minimum(grams.counts, clips[grams.gram]), count)
        return grams._replace(ids=found[grams.ids]), matches

    def _check(self, order: int) -> None:
        if not 1 <= order <= self.max_order:
            raise BenchError(f"BLEU-{order}: this index holds orders 1 to {self.max_order}")


def kept_index(references: TokenArray, shelves: Sequence[Path], *, end: int | None, max_order: int) -> BleuIndex:
    """Return the index of the references: read from a shelf if it was built before, else built and kept there.

    Its key is the checksum of the references and of the code that builds it.
    """
    if not shelves:
        return BleuIndex(references, end=end, max_order=max_order)
    made_of = hashlib.sha256(f"{end} {max_order} {references.shape} ".encode())
    made_of.update(np.ascontiguousarray(references).data)
    for module in (sys.modules[__name__], ngrams, variable):
        made_of.update(Path(str(module.__file__)).read_bytes())
    key = f"bleu-{made_of.hexdigest()[:32]}"
    entry = shelf.made(shelves, key, lambda: BleuIndex(references, end=end, max_order=max_order).arrays())
    return BleuIndex.from_arrays(entry.arrays, end=end)


def closest_lengths(lengths: IntArray, references: IntArray) -> IntArray:
    """Return (n,) reference length nearest to each length, the shorter of two equally near; `references` ascends."""
    after = np.searchsorted(references, lengths)
    below = references[np.maximum(after - 1, 0)]
    above = references[np.minimum(after, len(references) - 1)]
    return np.where(lengths - below <= above - lengths, below, above)


def _bleu(
    matches: FloatArray, totals: FloatArray, lengths: IntArray, closest: IntArray, smoothing: Smoothing
) -> FloatArray:
    """Return brevity penalty x geometric mean of the precisions, over the last axis.

    A precision of zero counts as the smallest normal float ("none", as in NLTK: about 1e-77 for BLEU-4 with two orders
    unmatched), as epsilon matches ("method1"), or as 1 ("nltk-2016": NLTK up to 3.2.5 left the order out of the sum and
    did not renormalise the weights). Without a unigram match the score is 0, whatever the smoothing.
    """
    if smoothing not in get_args(Smoothing):
        raise unknown("smoothing", smoothing, get_args(Smoothing))
    of_zero: dict[Smoothing, FloatArray | float]
    of_zero = {"none": sys.float_info.min, "method1": EPSILON / totals, "nltk-2016": 1.0}
    precisions = np.where(matches > 0, matches / totals, of_zero[smoothing])
    brevity = np.exp(np.minimum(0, 1 - closest / np.maximum(lengths, 1)))
    return np.where(matches[..., 0] > 0, brevity * np.exp(np.log(precisions).mean(-1)), 0.0)


class Remembered:
    """The statistics of the latest hypotheses, so that BLEU of four orders costs one pass."""

    def __init__(self, compute: Callable[[TokenArray], Statistics]) -> None:
        self._compute = compute
        self._last: tuple[TokenArray, Statistics] | None = None

    def __call__(self, hypotheses: TokenArray) -> Statistics:
        """Return the statistics of (n, T) hypotheses; compared by value, since a caller may reuse its array."""
        if self._last is None or not np.array_equal(self._last[0], hypotheses):
            self._last = hypotheses.copy(), self._compute(hypotheses)
        return self._last[1]


class Bleu:
    """The metric bleu-n. `references` describes them in the signature; the orders share `statistics`."""

    better: ClassVar[Better] = "higher"
    unknown_words: ClassVar[UnknownWords] = "miss"
    family: ClassVar[str] = "bleu"
    fewest: ClassVar[int] = 1  # samples below which the value is undefined

    def __init__(
        self,
        order: int,
        statistics: Callable[[TokenArray], Statistics],
        references: str,
        smoothing: Smoothing,
        average: Average,
    ) -> None:
        self.name = f"{self.family}-{order}"
        self._order = order
        self._statistics = statistics
        self._references = references
        self._smoothing: Smoothing = smoothing
        self._average: Average = average

    def signature(self) -> str:
        """Return order, references, smoothing and averaging."""
        return f"{self.name}|{self._references}|smooth:{self._smoothing}|avg:{self._average}"

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return BLEU of the samples; per_sequence only if the value is its mean."""
        if len(generated.sequences) < self.fewest:
            return Scores(None)
        statistics = self._statistics(generated.sequences)
        if self._average == "corpus":
            return Scores(statistics.corpus_score(self._order, self._smoothing))
        scores = statistics.sentence_scores(self._order, self._smoothing)
        return Scores(float(scores.mean()), scores)


def bleu_metrics(
    data: SequenceData,
    *,
    orders: Sequence[int] = (2, 3, 4, 5),
    references: Literal["train", "test"] = "train",
    smoothing: Smoothing = "method1",
    average: Average = "mean",
) -> list[Metric]:
    """Return bleu-n for each of `orders` against a whole split; one index, made at the first use, serves them all.

    `references="train"` is the paper's protocol ("nearly the whole corpus"), "test" the held-out one.
    """
    split = data.train if references == "train" else data.test

    @cache
    def index() -> BleuIndex:
        return kept_index(split, data.shelves, end=data.vocabulary.end, max_order=max(orders))

    statistics = Remembered(lambda hypotheses: index().statistics(hypotheses))
    made = f"refs:{len(split)}|split:{references}"
    return [Bleu(order, statistics, made, smoothing, average) for order in orders]
