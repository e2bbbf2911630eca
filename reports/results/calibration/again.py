"""The control `random-reward` under another name: the same start, and other random numbers after it."""

from __future__ import annotations

from typing import ClassVar

import torch

from bench.contracts.data import SequenceData
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.training.generator import PolicyKnobs
from bench.toolkit.training.learner import PolicyLearner


class Again:
    """Pre-train by maximum likelihood, then reward each token of each sequence with U(0, 1)."""

    Settings: ClassVar[type] = PolicyKnobs

    def __init__(self, data: SequenceData, settings: PolicyKnobs, device: torch.device, rng: torch.Generator) -> None:
        self._rng = rng
        self._learner = PolicyLearner(data, settings, device, rng)
        self.generator = self._learner.generator

    def phases(self) -> list[Phase]:
        """Maximum likelihood, then the policy gradient."""
        return self._learner.phases(self._reinforce)

    def _reinforce(self) -> dict[str, float]:
        samples = self._learner.sample()
        return self._learner.reinforce(samples, torch.rand(samples.shape, generator=self._rng))

    def state(self) -> dict[str, Stateful]:
        """Return the generator and its two Adam states."""
        return self._learner.state()
