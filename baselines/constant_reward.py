"""SeqGAN's generator updates with a constant reward: *SeqGAN* (AAAI 2017) without its discriminator.

A control for the update rule itself. A constant reward says nothing about the data, and the gradient of log p has mean
zero under the model's own samples. But each step raises the probability of the tokens just drawn, and frequent tokens
are drawn, and raised, most. So the generator reinforces itself: its entropy falls, and NLL_oracle with it, as at a
lower temperature, while NLL_test rises. A gain of SeqGAN in NLL_oracle that this arm has too does not come from the
adversary. A constant needs no rollouts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from bench.contracts.data import SequenceData
from bench.contracts.knobs import knob
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.training.generator import PolicyKnobs
from bench.toolkit.training.learner import PolicyLearner


@dataclass(frozen=True)
class Knobs(PolicyKnobs):
    """SeqGAN's knobs of the generator, and the reward."""

    reward: float = knob(0.5, low=-1, high=1, help="the reward of every token; .5 is an undecided discriminator's")


class ConstantReward:
    """Pre-train by maximum likelihood, then give every token of the generator the same reward."""

    Settings: ClassVar[type] = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        self._settings = settings
        self._learner = PolicyLearner(data, settings, device, rng)
        self.generator = self._learner.generator

    def phases(self) -> list[Phase]:
        """Maximum likelihood, then the policy gradient."""
        return self._learner.phases(self._reinforce)

    def _reinforce(self) -> dict[str, float]:
        samples = self._learner.sample()
        rewards = torch.full(samples.shape, self._settings.reward, device=samples.device)
        return self._learner.reinforce(samples, rewards)

    def state(self) -> dict[str, Stateful]:
        return self._learner.state()
