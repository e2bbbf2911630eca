"""SeqGAN's generator updates with random rewards: *SeqGAN* (AAAI 2017) with noise for a discriminator.

A control for the update rule (see `constant-reward`) and for the spread of the rewards. They differ from token to token
like those of a discriminator, but carry no information about the data. So a gain of SeqGAN over this arm comes from its
discriminator. Noise needs no rollouts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from bench.contracts.data import SequenceData
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.training.generator import PolicyKnobs
from bench.toolkit.training.learner import PolicyLearner


@dataclass(frozen=True)
class Knobs(PolicyKnobs):
    """SeqGAN's knobs of the generator, and no others."""


class RandomReward:
    """Pre-train by maximum likelihood, then reward each token of each sequence with U(0, 1), drawn afresh."""

    Settings: ClassVar[type] = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._learner = PolicyLearner(data, settings, device, rng)
        self.generator = self._learner.generator

    def phases(self) -> list[Phase]:
        """Maximum likelihood, then the policy gradient."""
        return self._learner.phases(self._reinforce)

    def _reinforce(self) -> dict[str, float]:
        samples = self._learner.sample()
        noise = torch.rand(samples.shape, generator=self._rng, device=self._rng.device).to(samples.device)
        return self._learner.reinforce(samples, noise)

    def state(self) -> dict[str, Stateful]:
        return self._learner.state()
