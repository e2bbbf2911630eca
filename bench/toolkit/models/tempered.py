"""Any generator at a temperature: its samples, and their probabilities."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from bench.contracts.generator import Generator

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Tempered:
    """A generator that samples at `temperature` times the temperature asked for; it has no log_prob."""

    def __init__(self, model: Generator, temperature: float) -> None:
        self.model, self.temperature = model, temperature

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        """Return (count, T) int64 token ids."""
        return self.model.sample(count, rng=rng, temperature=self.temperature * temperature)


class TemperedScorer(Tempered):
    """The same for a model that scores at a temperature."""

    model: Any

    def log_prob(self, sequences: Tensor) -> Tensor:
        """Return (n, T) natural-log probability of each token under the tempered distribution."""
        scores: Tensor = self.model.log_prob(sequences, temperature=self.temperature)
        return scores


class TemperedConditional(TemperedScorer):
    """The same for a model that gives the probability of every token at a temperature."""

    def next_log_prob(self, sequences: Tensor) -> Tensor:
        """Return (n, T, V) natural-log probability of every token under the tempered distribution."""
        found: Tensor = self.model.next_log_prob(sequences, temperature=self.temperature)
        return found


def tempered(model: Generator, temperature: float) -> Tempered:
    """Return the model at a temperature, with those of its methods of probability that take a temperature."""
    if not takes_temperature(model, "log_prob"):
        return Tempered(model, temperature)
    return (TemperedConditional if takes_temperature(model, "next_log_prob") else TemperedScorer)(model, temperature)


def takes_temperature(model: Generator, name: str) -> bool:
    """Return whether the model has a method of that name with a parameter `temperature`."""
    method = getattr(model, name, None)
    return method is not None and "temperature" in inspect.signature(method).parameters
