"""A generator that draws every token independently from one distribution."""

from __future__ import annotations

import torch
from torch import Tensor

from bench.contracts.lengths import live
from bench.toolkit.models.autoregressive import closed


class Unigram:
    """Tokens with fixed probabilities, (V,), summing to 1; a row closes with its first `end`, which also fills it."""

    def __init__(self, probabilities: Tensor, length: int, *, end: int | None = None) -> None:
        self.probabilities = probabilities
        self.length = length
        self.end = end

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        """Return (count, T) int64 on the device of the probabilities; each token's weight is p ** (1 / temperature)."""
        weights = (self.probabilities.log() / temperature).softmax(0).to(rng.device)
        drawn = torch.multinomial(weights, count * self.length, replacement=True, generator=rng)
        tokens = drawn.view(count, self.length).to(self.probabilities.device)
        return tokens if self.end is None else tokens.where(live(tokens, self.end), self.end)

    def log_prob(self, sequences: Tensor, temperature: float = 1.0) -> Tensor:
        """Return (n, T) natural-log probability of each token; 0 after the end."""
        return self._log_p(temperature)[sequences].where(live(sequences, self.end), 0.0)

    def next_log_prob(self, sequences: Tensor, temperature: float = 1.0) -> Tensor:
        """Return (n, T, V) natural-log probability of every token at each position; an end is followed by ends."""
        log_p = self._log_p(temperature).expand(*sequences.shape, -1)
        return log_p if self.end is None else closed(log_p, sequences, self.end)

    def _log_p(self, temperature: float) -> Tensor:
        """Return (V,) natural-log probabilities."""
        log_p = self.probabilities.log()
        return log_p if temperature == 1 else (log_p / temperature).log_softmax(0)
