"""Find near-copies: held-out rows that differ from a training row in a few tokens. Removal of repeats misses them.

They raise each score of the real row that compares with the training split.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.lengths import lengths
from bench.toolkit.metrics.bleu import BleuIndex

MOST = 5 * 10**9  # tokens of pairs of rows; a corpus that has more is looked at in its first held-out rows only
PAIRS = 10**6  # pairs of rows that are compared at once


def near_copies(rows: TokenArray, train: TokenArray, end: int | None) -> NDArray[np.bool_]:
    """Return (n,) whether a row and one training row have the same token at 80 % of their positions or more.

    `rows` are (n, T), `train` (m, T). Positions are counted up to the end of the longer of the two rows.
    """
    own, theirs = lengths(rows, end), lengths(train, end)
    places = np.arange(train.shape[1])
    rows = np.where(places < own[:, None], rows, -1)  # a place behind the end is like no other
    train = np.where(places < theirs[:, None], train, -2)
    found = np.zeros(len(rows), dtype=np.bool_)
    for length in np.unique(own[own > 0]):
        for piece in _pieces(int(length)):
            mine = np.flatnonzero((own == length) & ~found)
            for left, right in _equal(rows[mine, piece], train[:, piece]):
                shared = (rows[mine[left]] == train[right]).sum(1)
                longer = np.maximum(length, theirs[right])
                found[mine[left[5 * shared >= 4 * longer]]] = True
    return found


def _pieces(length: int) -> Iterator[slice]:
    """Return parts of the positions, one more than may differ: so a near-copy shares one whole part with its model."""
    bounds = np.linspace(0, length, length // 5 + 2).astype(int)
    yield from (slice(*pair) for pair in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))


def _equal(rows: TokenArray, train: TokenArray) -> Iterator[tuple[TokenArray, TokenArray]]:
    """Yield pairs (place in `rows`, place in `train`) of equal rows, and of a few unequal ones with the same hash."""
    if not len(rows):
        return
    keys, others = _hashed(rows), _hashed(train)
    order = np.argsort(keys, kind="stable")
    first = np.searchsorted(keys[order], others, side="left")
    count = np.searchsorted(keys[order], others, side="right") - first
    for block in np.array_split(np.flatnonzero(count), 1 + int(count.sum()) // PAIRS):
        right = np.repeat(block, count[block])
        within = np.arange(len(right)) - np.repeat(count[block].cumsum() - count[block], count[block])
        yield order[first[right] + within], right


def _hashed(rows: TokenArray) -> NDArray[np.uint64]:
    """Return (n,) a number for each row; equal rows have equal numbers."""
    number = np.zeros(len(rows), dtype=np.uint64)
    for column in rows.T:
        number = (number + column.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        number ^= number >> np.uint64(32)
    return number


def near_copies_note(data: SequenceData) -> tuple[str, ...]:
    """Return notes on how many held-out rows are near-copies, with BLEU-2 of the real row with and without them.

    Empty if there are none.
    """
    end = data.vocabulary.end
    most = max(1, MOST // data.train.size)
    looked = {"valid": data.valid[:most], "test": data.test[:most]}
    found = {split: near_copies(rows, data.train, end) for split, rows in looked.items()}
    if not any(near.any() for near in found.values()):
        return ()
    first = "" if most >= max(len(data.valid), len(data.test)) else "first "
    counted = " and ".join(f"{near.sum()} of the {first}{len(near)} {split} rows" for split, near in found.items())
    longer = "" if end is None else " (of the longer row)"
    said = f"near-copies: {counted} share 80 % or more of their positions{longer} with one training row"
    near = found["valid"]
    if first or near.all() or not near.any():
        return (said,)
    scores = BleuIndex(data.train, end=end, max_order=2).sentence_scores(data.valid, 2)
    return (
        f"{said}; BLEU-2 of valid against train is {scores.mean():.4f}, without such rows {scores[~near].mean():.4f}",
    )
