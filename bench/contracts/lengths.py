"""Sequences of variable length in rectangular arrays: tokens after the first end token do not count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor


@overload
def live(sequences: NDArray[np.int64], end: int | None) -> NDArray[np.bool_]: ...
@overload
def live(sequences: Tensor, end: int | None) -> Tensor: ...
def live(sequences: Any, end: int | None) -> Any:
    """Return (n, T) bool, numpy or torch as given: true up to and including the first end token."""
    if end is None:
        return sequences == sequences
    if isinstance(sequences, np.ndarray):
        return np.arange(sequences.shape[1]) <= lengths(sequences, end)[:, None]
    import torch

    ended = sequences == end
    last = torch.where(ended.any(1), ended.byte().argmax(1), sequences.shape[1])  # argmax is the first of several
    return torch.arange(sequences.shape[1], device=sequences.device) <= last[:, None]


def lengths(sequences: NDArray[np.int64], end: int | None) -> NDArray[np.int64]:
    """Return (n,) tokens before the first end token (which is not counted), as BLEU counts them."""
    if end is None:
        return np.full(len(sequences), sequences.shape[1])
    ended = sequences == end
    found: NDArray[np.int64] = np.where(ended.any(1), ended.argmax(1), sequences.shape[1])
    return found
