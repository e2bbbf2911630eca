"""Find samples that copy a training row: BLEU with training rows as references gives a copy 1, its highest score."""

from __future__ import annotations

import numpy as np

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.lengths import live

ROWS = 10_000
"""Training rows that are looked at at once."""


def copied_share(samples: TokenArray, data: SequenceData) -> float:
    """Return the share of the (n, T) samples that equal a row of `data.train`, compared up to the first end token.

    It is 0 if there is no sample.
    """
    end = data.vocabulary.end
    own = [row.tobytes() for row in _ended(samples, end)]
    wanted, known = set(own), set[bytes]()
    for first in range(0, len(data.train), ROWS):  # a large corpus does not fit into memory twice
        known |= wanted.intersection(row.tobytes() for row in _ended(data.train[first : first + ROWS], end))
    return sum(row in known for row in own) / max(1, len(samples))


def rewards_copies(signature: str) -> bool:
    """Return whether a score of this signature has training rows as references, so that a copy of one scores best."""
    return "|split:train|" in signature


def _ended(rows: TokenArray, end: int | None) -> TokenArray:
    """Return the rows with -1 in place of all tokens after the first end token."""
    return np.ascontiguousarray(np.where(live(rows, end), rows, -1), dtype=np.int64)
