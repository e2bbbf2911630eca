"""N-grams as integers: an n-gram's key is (id of its first n-1 tokens) x vocabulary + its last token.

Ids are ranks among the keys seen, so a key of any order fits into 64 bits, and counting all n-grams of an order is one
integer sort.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.contracts import lengths as variable
from bench.contracts.data import TokenArray
from bench.contracts.metric import FloatArray

IntArray = NDArray[np.integer[Any]]
"""Whole numbers, of 32 bits if they fit: a large corpus has tens of millions of n-grams."""
NARROW = np.iinfo(np.int32).max


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
    """Return the tokens of (n, T) ids before the first `end`."""
    lengths = variable.lengths(sequences, end)
    count = int(lengths.sum())
    rows = np.repeat(_up_to(len(sequences)), lengths)
    left = narrowed(lengths.cumsum())[rows]
    left -= _up_to(count)
    kept = np.arange(sequences.shape[1]) < lengths[:, None]
    return Flat(narrowed(sequences[kept]), rows, left, lengths)


def narrowed(values: IntArray) -> IntArray:
    """Return the values, none below -1, as 32-bit numbers if they fit."""
    return values.astype(np.int32) if values.max(initial=0) <= NARROW else values


def _up_to(count: int) -> IntArray:
    """Return 0, 1, ... below `count`."""
    return np.arange(count, dtype=np.int32 if count <= NARROW else np.int64)


class Grams(NamedTuple):
    """All n-grams of one order, counted.

    `keys` (G,) are the distinct ones, ascending. `places` (P,) are where they start, and `ids` (P,) which n-gram starts
    there: its rank among `keys`. A *run* is one n-gram within one row: `runs` (R,) are its first entries of `places`,
    `counts` (R,) say how often the n-gram is there, and `first` (G,) is each n-gram's first run. `row_of` (N,) is the
    row of each place.
    """

    keys: IntArray
    counts: IntArray
    runs: IntArray
    first: IntArray
    places: IntArray
    ids: IntArray
    row_of: IntArray

    @property
    def rows(self) -> IntArray:
        """Return the (R,) row of each run."""
        return self.row_of[self.places[self.runs]]

    @property
    def gram(self) -> IntArray:
        """Return the (R,) n-gram of each run, by its `ids`."""
        return self.ids[self.runs]

    def starts(self) -> Grams:
        """Return what `extend` needs, without the rest."""
        nothing = np.empty(0, np.int64)
        return self._replace(keys=nothing, counts=nothing, runs=nothing, first=nothing)


def no_grams(flat: Flat) -> Grams:
    """Return order 0, from which `extend` starts: the empty n-gram is at every place."""
    nothing = np.empty(0, np.int64)
    places = _up_to(len(flat.tokens))
    return Grams(nothing, nothing, nothing, nothing, places, np.zeros_like(places), flat.rows)


def extend(flat: Flat, grams: Grams, order: int, vocabulary: int) -> Grams:
    """Count the n-grams of `order` that begin with one of `grams`, which has the order before.

    `vocabulary` is above every token. An n-gram with a negative id among `grams.ids` is not extended.
    """
    kept = (grams.ids >= 0) & (flat.left[grams.places] >= order)
    places = grams.places[kept]
    keys = grams.ids[kept].astype(np.int64)
    keys *= vocabulary
    keys += flat.tokens[places + (order - 1)]
    by_key = _by_key(keys)
    keys, places = keys[by_key], places[by_key]
    del by_key  # a large corpus leaves no room for it
    return _count(keys, places, flat.rows)


def _count(keys: IntArray, places: IntArray, row_of: IntArray) -> Grams:
    """Count the n-grams with these ascending keys; equal keys are in the order of their places."""
    new_gram = changes(keys)
    runs = narrowed(np.flatnonzero(new_gram | changes(row_of[places])))
    ids = new_gram.cumsum(dtype=places.dtype)
    ids -= 1
    return Grams(
        keys=keys[new_gram],
        counts=np.diff(runs, append=runs.dtype.type(len(keys))),
        runs=runs,
        first=narrowed(np.flatnonzero(new_gram[runs])),
        places=places,
        ids=ids,
        row_of=row_of,
    )


def changes(values: IntArray) -> NDArray[np.bool_]:
    """Return (n,) true at the first element and at each that differs from the one before it."""
    changed = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=changed[1:])
    return changed


def _by_key(keys: IntArray) -> IntArray:
    """Return the stable argsort of keys from 0 on.

    Key and place, packed into one integer, are sorted several times faster than by argsort. Keys that are too wide are
    sorted by their lower bits, then by the rest.
    """
    bits = len(keys).bit_length()
    width = 63 - bits
    order = _packed_sort(keys & ((1 << width) - 1), bits)
    for shift in range(width, int(keys.max(initial=0)).bit_length(), width):
        order = order[_packed_sort((keys[order] >> shift) & ((1 << width) - 1), bits)]
    return order


def _packed_sort(keys: IntArray, bits: int) -> IntArray:
    """Return the stable argsort of keys that leave `bits` bits for a place, in the memory of the keys."""
    packed = keys
    packed <<= bits
    packed |= _up_to(len(keys))
    packed.sort()
    packed &= (1 << bits) - 1
    return packed


def sum_by_row(grams: Grams, values: IntArray, count: int) -> FloatArray:
    """Return (count,) sum over each row's runs of the (R,) values."""
    return np.bincount(grams.rows, values, minlength=count).astype(np.float64)


def find(keys: IntArray, among: IntArray) -> IntArray:
    """Return the rank of each key in `among` (ascending), -1 for a key that is not there."""
    if not len(among):
        return np.full(len(keys), -1)
    wanted = np.minimum(keys, np.iinfo(among.dtype).max).astype(among.dtype)  # else `among` would be widened
    ranks = np.minimum(np.searchsorted(among, wanted), len(among) - 1)
    return np.where(among[ranks] == keys, ranks, -1)
