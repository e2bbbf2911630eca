"""Any generator at a temperature: what it draws, and the probabilities of what it draws."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from bench.contracts.generator import Generator

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Tempered:
    """A generator whose samples come at `temperature` times its own; it has no log_prob."""

    def __init__(self, model: Generator, temperature: float) -> None:
        self.model, self.temperature = model, temperature

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        """(count, T) int64 token ids."""
        return self.model.sample(count, rng=rng, temperature=self.temperature * temperature)


class TemperedScorer(Tempered):
    """The same, where the model can score at a temperature."""

    model: Any

    def log_prob(self, sequences: Tensor) -> Tensor:
        """(n, T) natural-log probability of each token under the tempered distribution."""
        scores: Tensor = self.model.log_prob(sequences, temperature=self.temperature)
        return scores


def tempered(model: Generator, temperature: float) -> Tempered:
    """The model at a temperature, a Scorer where its log_prob takes one."""
    log_prob = getattr(model, "log_prob", None)
    scores = log_prob is not None and "temperature" in inspect.signature(log_prob).parameters
    return (TemperedScorer if scores else Tempered)(model, temperature)
