"""N-grams as integers: an n-gram's key is (id of its first n-1 tokens) x vocabulary + its last token.

Ids are ranks among the keys seen, so a key never outgrows 64 bits however long the n-gram, and counting every n-gram of
a corpus is one integer sort an order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.contracts import lengths as variable
from bench.contracts.data import TokenArray
from bench.contracts.metric import FloatArray

IntArray = NDArray[np.int64]


class Flat(NamedTuple):
    """Rows of varying length laid end to end; a *place* is an index into `tokens`.

    `tokens`, `rows` and `left` are (N,): the token, its row, and how many tokens of that row start here (itself
    included). `lengths` is (n,).
    """

    tokens: IntArray
    rows: IntArray
    left: IntArray
    lengths: IntArray


def flatten(sequences: TokenArray, end: int | None) -> Flat:
    """Return (n, T) ids to their tokens before the first `end`."""
    lengths = variable.lengths(sequences, end)
    places = np.arange(lengths.sum())
    rows = np.repeat(np.arange(len(sequences)), lengths)
    kept = np.arange(sequences.shape[1]) < lengths[:, None]
    return Flat(sequences[kept], rows, lengths.cumsum()[rows] - places, lengths)


class Grams(NamedTuple):
    """All n-grams of one order, counted.

    `keys` (G,) are the distinct ones, ascending. A *run* is one n-gram within one row: `counts` and `rows` (R,) say how
    often and where, `gram` (R,) which, and `first` (G,) is each n-gram's first run. `places` (P,) are where they start,
    and `ids` (P,) which n-gram starts there: its rank among `keys`.
    """

    keys: IntArray
    counts: IntArray
    rows: IntArray
    gram: IntArray
    first: IntArray
    places: IntArray
    ids: IntArray


def no_grams(flat: Flat) -> Grams:
    """Order 0: the empty n-gram starts everywhere; what `extend` starts from."""
    nothing = np.empty(0, np.int64)
    places = np.arange(len(flat.tokens))
    return Grams(nothing, nothing, nothing, nothing, nothing, places, np.zeros_like(places))


def extend(flat: Flat, grams: Grams, order: int, vocabulary: int) -> Grams:
    """Count the n-grams of `order` that begin with one of `grams`, those of the order before.

    `vocabulary` is above every token. A negative id among `grams.ids` says that its n-gram is of no further interest.
    """
    kept = (grams.ids >= 0) & (flat.left[grams.places] >= order)
    places = grams.places[kept]
    keys = grams.ids[kept] * vocabulary + flat.tokens[places + order - 1]
    return _count(keys, places, flat.rows)


def _count(keys: IntArray, places: IntArray, row_of: IntArray) -> Grams:
    order = _by_key(keys)
    keys, places = keys[order], places[order]
    rows = row_of[places]
    new_gram = changes(keys)
    runs = np.flatnonzero(new_gram | changes(rows))
    ids = new_gram.cumsum() - 1
    return Grams(
        keys=keys[new_gram],
        counts=np.diff(runs, append=len(keys)),
        rows=rows[runs],
        gram=ids[runs],
        first=np.flatnonzero(new_gram[runs]),
        places=places,
        ids=ids,
    )


def changes(values: IntArray) -> NDArray[np.bool_]:
    """Return (n,) true at the first element and wherever one differs from that before it."""
    changed = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=changed[1:])
    return changed


def _by_key(keys: IntArray) -> IntArray:
    """Stable argsort. Key and place packed into one integer sort several times faster than an argsort does."""
    bits = len(keys).bit_length()
    if len(keys) and int(keys.max()) >> (63 - bits):
        return np.argsort(keys, kind="stable")
    packed = (keys << bits) | np.arange(len(keys))
    packed.sort()
    return packed & ((1 << bits) - 1)


def sum_by_row(grams: Grams, values: IntArray, count: int) -> FloatArray:
    """Return (count,) sum over each row's runs of the (R,) values."""
    return np.bincount(grams.rows, values, minlength=count).astype(np.float64)


def find(keys: IntArray, among: IntArray) -> IntArray:
    """Rank of each key in `among` (ascending), -1 where it is not there."""
    if not len(among):
        return np.full(len(keys), -1)
    ranks = np.minimum(np.searchsorted(among, keys), len(among) - 1)
    return np.where(among[ranks] == keys, ranks, -1)
