"""SeqGAN's generator updates with random rewards: *SeqGAN* (AAAI 2017) with uniform noise for a discriminator.

Controls for the update rule (see `constant-reward`) and for the rewards' spread too: they differ from token to token as
a discriminator's do, but know nothing of the data, so that what SeqGAN gains beyond this arm is what its discriminator
knows. Noise needs no rollouts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from bench.data import SequenceData
from bench.trainer import Phase, Stateful
from bench.training import policy_gradient, teacher_forcing
from bench.training.generator import PolicyKnobs, build_generator, training_tokens
from bench.training.optimiser import adam


@dataclass(frozen=True)
class Knobs(PolicyKnobs):
    """SeqGAN's knobs of the generator, and no others."""


class RandomReward:
    """Pre-train by maximum likelihood, then reward each token of each sequence with U(0, 1), drawn afresh."""

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
        noise = torch.rand(samples.shape, generator=self._rng, device=self._rng.device).to(samples.device)
        return policy_gradient.step(self.generator, self._policy_adam, samples, noise, clip=s.clip)

    def state(self) -> dict[str, Stateful]:
        """The generator and its two Adam states."""
        return {"generator": self.generator, "mle_adam": self._mle_adam, "policy_adam": self._policy_adam}
