"""Sequences of variable length in rectangular arrays: what follows the first end token does not count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Array = TypeVar("Array", "NDArray[Any]", "Tensor")


def live(sequences: Array, end: int | None) -> Array:
    """(n, T) bool, numpy or torch as given: true up to and including the first end token."""
    if end is None:
        everything: Array = sequences == sequences
        return everything
    ended = sequences == end
    before: Array = (ended.cumsum(1) - ended * 1) == 0
    return before


def lengths(sequences: NDArray[np.int64], end: int | None) -> NDArray[np.int64]:
    """(n,) tokens before the first end token (which is not counted), as BLEU counts them."""
    if end is None:
        return np.full(len(sequences), sequences.shape[1])
    count: NDArray[np.int64] = (live(sequences, end) & (sequences != end)).sum(1)
    return count
