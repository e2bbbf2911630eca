"""The generator contract: all that the evaluator asks of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Generator(Protocol):
    """Anything that draws sequences of token ids."""

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        """(count, T) int64 token ids; every random number comes from `rng`.

        Each token is drawn with a chance proportional to its probability ** (1 / temperature).
        """
        ...


@runtime_checkable
class Scorer(Protocol):
    """A generator that also knows the probability of what it is shown; without it NLL_test is "-"."""

    def log_prob(self, sequences: Tensor) -> Tensor:
        """(n, T) natural-log probability of each token given those before it.

        `sequences` are (n, T) int64 ids, on the device that the trainer was built with.
        """
        ...
