"""Checks of a generator's samples and log-probabilities: see bench/contracts/generator.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.errors import ContractError
from bench.contracts.metric import FloatArray

SLACK = 1e-4
"""How far above 0 a log-probability may be: float32's log-softmax can end a little above 0."""


def checked_samples(found: Any, count: int, data: SequenceData) -> TokenArray:
    """Return what sample(count) returned as (count, T) int64; ContractError if shape, type or ids are wrong."""
    array = _to_numpy(found)
    if not np.issubdtype(array.dtype, np.integer):
        kind = str(getattr(found, "dtype", array.dtype)).removeprefix("torch.")
        raise ContractError(f"sample() returned {kind}, not integer token ids")
    if array.shape != (count, data.length):
        raise ContractError(f"sample({count}) returned shape {array.shape}, not {(count, data.length)}")
    low, high, size = int(array.min()), int(array.max()), len(data.vocabulary)
    if low < 0 or high >= size:
        bad = low if low < 0 else high
        raise ContractError(f"sample() returned token id {bad}, outside the vocabulary 0..{size - 1}")
    return array.astype(np.int64)


def checked_log_prob(found: Any, sequences: TokenArray) -> FloatArray:
    """Return what log_prob(sequences) returned as (n, T) float64; ContractError if it has another shape."""
    array = _to_numpy(found).astype(np.float64, copy=False)
    if array.shape != sequences.shape:
        raise ContractError(f"log_prob of {sequences.shape} sequences has shape {array.shape}; it must be the same")
    return array


def check_log_probabilities(log_p: FloatArray) -> None:
    """ContractError if an entry is NaN or above 0."""
    if not np.all(log_p <= SLACK):
        raise ContractError("log_prob holds NaN or log-probabilities above 0")


def _to_numpy(found: Any) -> np.ndarray[Any, Any]:
    """Return a tensor, an array or nested lists as an array; bfloat16, which numpy lacks, becomes float32."""
    array = found.detach().cpu() if hasattr(found, "detach") else found
    return np.asarray(array.float() if str(getattr(array, "dtype", "")) == "torch.bfloat16" else array)
