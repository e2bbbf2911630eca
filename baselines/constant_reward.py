"""SeqGAN's generator updates with a constant reward: what is left of *SeqGAN* (AAAI 2017) without its discriminator.

Controls for the update rule itself. A constant reward says nothing of the data, and the gradient of log p has mean
zero under the model's own samples; but each step raises the probability of the very tokens just drawn, and the
frequent ones are drawn, and raised, most. So the generator reinforces itself: its entropy falls, and NLL_oracle with
it, as at a lower temperature, while NLL_test rises. What SeqGAN gains in NLL_oracle and this arm gains too is not the
adversary's doing. A constant needs no rollouts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from bench.data import SequenceData
from bench.settings import knob
from bench.trainer import Phase, Stateful
from bench.training import policy_gradient, teacher_forcing
from bench.training.generator import PolicyKnobs, build_generator, training_tokens
from bench.training.optimiser import adam


@dataclass(frozen=True)
class Knobs(PolicyKnobs):
    """SeqGAN's knobs of the generator, and the reward."""

    reward: float = knob(0.5, low=-1, high=1, help="the reward of every token; .5 is an undecided discriminator's")


class ConstantReward:
    """Pre-train by maximum likelihood, then reward every token that the generator draws alike."""

    Settings: ClassVar[type] = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._train = training_tokens(data, device)
        self.generator = build_generator(data, settings, device, rng)
        self._mle_adam = adam(self.generator, settings.rate)
        self._policy_adam = adam(self.generator, settings.adversarial_rate)

    def phases(self) -> list[Phase]:
        """Maximum likelihood, then the policy gradient."""
        s = self._settings
        return [Phase("mle", s.mle_epochs, self._imitate), Phase("adversarial", s.adversarial_steps, self._reinforce)]

    def _imitate(self) -> dict[str, float]:
        s = self._settings
        return teacher_forcing.epoch(
            self.generator, self._mle_adam, self._train, batch=s.batch, rng=self._rng, clip=s.clip
        )

    def _reinforce(self) -> dict[str, float]:
        s = self._settings
        samples = self.generator.sample(s.batch, rng=self._rng)
        rewards = torch.full(samples.shape, s.reward, device=samples.device)
        return policy_gradient.step(self.generator, self._policy_adam, samples, rewards, clip=s.clip)

    def state(self) -> dict[str, Stateful]:
        """The generator and its two Adam states."""
        return {"generator": self.generator, "mle_adam": self._mle_adam, "policy_adam": self._policy_adam}
