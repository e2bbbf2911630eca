"""Sequences of variable length in rectangular arrays: what follows the first end token does not count."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

Array = TypeVar("Array", "np.ndarray", "Tensor")


def live(sequences: Array, end: int | None) -> Array:
    """(n, T) bool, numpy or torch as given: true up to and including the first end token; all true where there is none."""
    if end is None:
        return sequences == sequences
    ended = sequences == end
    return (ended.cumsum(1) - ended * 1) == 0


def lengths(sequences: np.ndarray, end: int | None) -> np.ndarray:
    """(n,) tokens before the first end token (which is not counted), as BLEU counts them."""
    if end is None:
        return np.full(len(sequences), sequences.shape[1])
    return (live(sequences, end) & (sequences != end)).sum(1)
