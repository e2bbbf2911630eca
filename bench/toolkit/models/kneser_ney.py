"""Interpolated Kneser-Ney n-grams (Kneser, Ney 1995; Chen, Goodman 1999), with one discount an order.

    p(w | h) = max(c(hw) - D, 0) / c(h.) + D N1+(h.) / c(h.) * p(w | h without its oldest token)

Below the highest order, c is the number of different tokens seen before the n-gram (N1+). A context that reaches back
to the start of the row has no token before it, and keeps its plain counts. The lowest order falls back on the uniform
distribution. D = n1 / (n1 + 2 n2) of each order, where n1 and n2 are the numbers of n-grams counted once and twice; D
is .5 if one of them is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.contracts.data import TokenArray
from bench.contracts.lengths import live
from bench.contracts.metric import FloatArray
from bench.toolkit.models.autoregressive import closed
from bench.toolkit.models.sampling import inverse_cdf

Ids = NDArray[np.int64]
NONE = -1
"""The context of a row with too few tokens before it, or with tokens that were never seen together."""


@dataclass(frozen=True)
class Order:
    """The n-grams of one order. A context is its parent (the context without its oldest token) and that oldest token.

    `contexts` (C,) are sorted keys parent * (V + 1) + token, `grams` (G,) sorted keys context * V + token. The n-grams
    of context c are begins[c] to begins[c + 1] - 1. `share` (G,) is what the discount leaves an n-gram, `cumulative`
    (G + 1,) its running sum, and `backoff` (C,) the weight of the order below.
    """

    contexts: Ids
    grams: Ids
    begins: Ids
    share: FloatArray
    cumulative: FloatArray
    backoff: FloatArray


class KneserNey:
    """A generator that counts n-grams; it needs no training. Every row begins with a boundary token of its own, V."""

    def __init__(self, rows: TokenArray, vocabulary: int, *, order: int, end: int | None = None) -> None:
        self.words, self.length, self.end = vocabulary, rows.shape[1], end
        self.uniform = 1 / vocabulary
        self.orders = _estimate(rows, vocabulary, order, end)

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        """Return (count, T) int64 tokens. At temperature 1 they come from `_descend`, else from all probabilities."""
        rows = np.full((count, self.length), self.end or 0, dtype=np.int64)
        going = np.ones(count, dtype=bool)
        for position in range(self.length):
            contexts = self._contexts(rows, position)
            uniforms = torch.rand(len(self.orders) + 1, count, generator=rng, device=rng.device).cpu().numpy()
            if temperature == 1:
                drawn = self._descend(contexts, uniforms)
            else:
                weights = torch.from_numpy(self._dense(contexts) ** (1 / temperature))
                drawn = inverse_cdf(weights, torch.from_numpy(uniforms[0])).numpy()
            rows[going, position] = drawn[going]
            if self.end is not None:
                going &= rows[:, position] != self.end
        return torch.from_numpy(rows).to(rng.device)

    def log_prob(self, sequences: Tensor, temperature: float = 1.0) -> Tensor:
        """Return (n, T) natural-log probability of each token given those before it; 0 after the first `end`."""
        rows = sequences.cpu().numpy()
        columns = [self._scores(rows, position, temperature) for position in range(rows.shape[1])]
        log_p = torch.from_numpy(np.stack(columns, 1)).to(sequences.device)
        return log_p.where(live(sequences, self.end), 0.0)

    def next_log_prob(self, sequences: Tensor, temperature: float = 1.0) -> Tensor:
        """Return (n, T, V) float64 natural-log probability of every token at each position, given those before it."""
        rows = sequences.cpu().numpy()
        dense = np.stack([self._dense(self._contexts(rows, at)) for at in range(rows.shape[1])], 1)
        log_p = (torch.from_numpy(dense).log_() / temperature).log_softmax(2).to(sequences.device)
        return log_p if self.end is None else closed(log_p, sequences, self.end)

    def _scores(self, rows: TokenArray, position: int, temperature: float) -> FloatArray:
        contexts, tokens = self._contexts(rows, position), rows[:, position]
        if temperature == 1:
            return np.log(self._probability(contexts, tokens))
        weights = self._dense(contexts) ** (1 / temperature)
        chosen: FloatArray = np.log(weights[np.arange(len(rows)), tokens] / weights.sum(1))
        return chosen

    def _contexts(self, rows: TokenArray, position: int) -> list[Ids]:
        """Return the context of each row, (n,), for every order from the lowest on."""
        found = [np.zeros(len(rows), dtype=np.int64)]
        for back, order in enumerate(self.orders[1:], 1):
            older = rows[:, position - back] if back <= position else np.full(len(rows), self.words)
            reaches = back <= position + 1  # no context goes further back than the boundary
            key = np.where((found[-1] != NONE) & reaches, found[-1] * (self.words + 1) + older, NONE)
            found.append(_find(order.contexts, key))
        return found

    def _probability(self, contexts: Sequence[Ids], tokens: Ids) -> FloatArray:
        """Return (n,) probability of each token in its contexts."""
        p = np.full(len(tokens), self.uniform)
        for order, context in zip(self.orders, contexts, strict=True):
            gram = _find(order.grams, np.where(context != NONE, context * self.words + tokens, NONE))
            own = np.where(gram != NONE, order.share[gram], 0.0)
            p = np.where(context != NONE, own + order.backoff[context] * p, p)
        return p

    def _dense(self, contexts: Sequence[Ids]) -> FloatArray:
        """Return (n, V) probabilities of every token."""
        p = np.full((len(contexts[0]), self.words), self.uniform)
        for order, context in zip(self.orders, contexts, strict=True):
            known = np.flatnonzero(context != NONE)
            p[known] *= order.backoff[context[known], None]
            first, last = order.begins[context[known]], order.begins[context[known] + 1]
            grams = _ranges(first, last)
            p[np.repeat(known, last - first), order.grams[grams] % self.words] += order.share[grams]
        return p

    def _descend(self, contexts: Sequence[Ids], uniforms: FloatArray) -> Ids:
        """Return (n,) tokens: from the highest order down, an order gives a row its token or leaves it to the next."""
        tokens = np.minimum((uniforms[-1] * self.words).astype(np.int64), self.words - 1)  # the uniform distribution
        waiting = np.ones(len(tokens), dtype=bool)
        for order, context, uniform in reversed(list(zip(self.orders, contexts, uniforms[:-1], strict=True))):
            own = np.flatnonzero(waiting & (context != NONE) & (uniform >= order.backoff[context]))
            place = context[own]
            mass = uniform[own] - order.backoff[place]  # uniform in what this order keeps for itself
            at = np.searchsorted(order.cumulative, order.cumulative[order.begins[place]] + mass, side="right") - 1
            gram = np.clip(at, order.begins[place], order.begins[place + 1] - 1)
            tokens[own] = order.grams[gram] % self.words
            waiting[own] = False
        return np.asarray(tokens, dtype=np.int64)


class Occurrences(NamedTuple):
    """The n-grams of one order in the rows: keys of contexts (C,) and of n-grams (G,), and which are at each place.

    `context` and `gram` are (n, T) indices into the two; NONE if a place has too few tokens before it.
    """

    contexts: Ids
    grams: Ids
    context: Ids
    gram: Ids


def _estimate(rows: TokenArray, words: int, order: int, end: int | None) -> list[Order]:
    """Return the orders from the lowest to the highest; a row of T tokens has none above T + 1."""
    counted = live(rows, end)
    root = np.zeros(rows.shape, dtype=np.int64)
    found = [_occurrences(np.zeros(1, dtype=np.int64), np.where(counted, root, NONE), rows, words)]
    for back in range(1, min(order, rows.shape[1] + 1)):
        older = np.concatenate([np.full((len(rows), back), words), rows], 1)[:, : rows.shape[1]]
        parent = found[-1].context.copy()
        parent[:, : back - 1] = NONE  # their context ends at the boundary already
        keys = np.where(parent != NONE, parent * (words + 1) + older, NONE)
        known = np.unique(keys[keys != NONE])
        found.append(_occurrences(known, _find(known, keys), rows, words))
    counts = [_counts(lower, higher) for lower, higher in pairwise(found)] + [_plain(found[-1])]
    return [_order(one, count, words) for one, count in zip(found, counts, strict=True)]


def _occurrences(contexts: Ids, context: Ids, rows: TokenArray, words: int) -> Occurrences:
    keys = np.where(context != NONE, context * words + rows, NONE)
    grams = np.unique(keys[keys != NONE])
    return Occurrences(contexts, grams, context, _find(grams, keys))


def _plain(found: Occurrences) -> Ids:
    """Return (G,) how often each n-gram occurs."""
    return np.bincount(found.gram[found.gram != NONE], minlength=len(found.grams))


def _counts(lower: Occurrences, higher: Occurrences) -> Ids:
    """Return (G,) the number of different tokens before each n-gram; of one at the boundary, how often it occurs."""
    both = higher.gram != NONE
    shorter = np.zeros(len(higher.grams), dtype=np.int64)
    shorter[higher.gram[both]] = lower.gram[both]  # the n-gram without its oldest token
    before = np.bincount(shorter, minlength=len(lower.grams))
    return np.where(before > 0, before, _plain(lower))


def _order(found: Occurrences, counts: Ids, words: int) -> Order:
    context = found.grams // words
    once, twice = (int((counts == times).sum()) for times in (1, 2))
    discount = once / (once + 2 * twice) if once and twice else 0.5
    totals = np.bincount(context, counts, minlength=len(found.contexts))
    share = (counts - discount) / totals[context]
    begins = np.searchsorted(context, np.arange(len(found.contexts) + 1))
    backoff = discount * np.diff(begins) / totals
    return Order(found.contexts, found.grams, begins, share, np.concatenate([[0.0], share.cumsum()]), backoff)


def _find(keys: Ids, wanted: Ids) -> Ids:
    """Return the place of each wanted key among the sorted ones, in the shape of `wanted`; NONE if it is absent."""
    if not len(keys):
        return np.full(wanted.shape, NONE)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, place, NONE)


def _ranges(first: Ids, last: Ids) -> Ids:
    """Return first[0]..last[0]-1, then first[1]..last[1]-1, and so on."""
    sizes = last - first
    offset = np.repeat(first - np.concatenate([[0], sizes.cumsum()[:-1]]), sizes)
    return offset + np.arange(len(offset))
