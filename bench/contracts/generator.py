"""The generator contract: what the evaluator asks of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch
    from torch import Tensor


ROWS, LOGITS = 1_000, 50_000_000
"""The most sequences that log_prob is shown at once, and the most logits (n * T * V) that they have."""


class Generator(Protocol):
    """Anything that draws sequences of token ids.

    The engine judges it in eval mode: it switches the generator if that is a torch.nn.Module, else the modules among
    its attributes, and afterwards gives every submodule its former mode. The engine also seeds the global random number
    generators (torch, numpy, random) before it calls sample() or log_prob(), and puts them back after the call.
    """

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        """Return (count, T) int64 token ids, each drawn with a chance proportional to p ** (1 / temperature).

        Random numbers come from `rng`, or from the global generators, which have its seed.
        """
        ...


@runtime_checkable
class Scorer(Protocol):
    """A generator that also knows the probability of what it is shown; without it NLL_test is "-"."""

    def log_prob(self, sequences: Tensor) -> Tensor:
        """Return (n, T) natural-log probability of each token given those before it, of any float type.

        `sequences` are (n, T) int64 ids, on the device that the trainer was built with. They come in slices: n is at
        most ROWS, and n * T * V is at most LOGITS unless n is 1. At T = 20 and V = 5,000 these are 500 rows, whose
        (n, T, V) logits take 200 MB as float32.
        """
        ...


@runtime_checkable
class Conditional(Protocol):
    """A generator that also tells the probability of every token it could have drawn: exact divergences need it."""

    def next_log_prob(self, sequences: Tensor) -> Tensor:
        """Return (n, T, V) natural-log probability of every token at each position, given the tokens before it.

        `sequences` come as for `log_prob`. After an end token the end token is certain. The values of the tokens in
        `sequences` are those of `log_prob`.
        """
        ...
