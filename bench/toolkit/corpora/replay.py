"""The *real* row: held-out sequences in place of a model's samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.contracts.data import TokenArray
from bench.contracts.errors import BenchError

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Replay:
    """A generator that repeats held-out rows in order, none twice."""

    def __init__(self, sequences: TokenArray) -> None:
        self.sequences = sequences

    def __len__(self) -> int:
        return len(self.sequences)

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        """Return (count, T) int64: the first `count` rows, whatever the rng.

        BenchError if there are fewer, or if the temperature is not 1: held-out rows have none.
        """
        import torch

        if temperature != 1:
            raise BenchError("real sequences have no temperature: leave it at 1")
        if count > len(self):
            raise BenchError(f"{count} real sequences wanted, {len(self)} are held out; ask for fewer")
        return torch.from_numpy(self.sequences[:count].copy())
