"""The generator of a policy-gradient trainer and its two ways of learning, each with an Adam state of its own."""

from __future__ import annotations

import torch
from torch import Tensor

from bench.contracts.data import SequenceData
from bench.contracts.trainer import Stateful
from bench.toolkit.training import policy_gradient, teacher_forcing
from bench.toolkit.training.generator import PolicyKnobs, build_generator, training_tokens
from bench.toolkit.training.optimiser import adam


class PolicyLearner:
    """An LSTM that is pre-trained on `train`, (n, T) int64 tokens, and then moved by rewards.

    What the rewards are, and when they are asked for, is the trainer's own business.
    """

    def __init__(self, data: SequenceData, knobs: PolicyKnobs, device: torch.device, rng: torch.Generator) -> None:
        self._knobs, self._rng = knobs, rng
        self.train = training_tokens(data, device)
        self.generator = build_generator(data, knobs, device, rng)
        self._mle_adam = adam(self.generator, knobs.rate)
        self._policy_adam = adam(self.generator, knobs.adversarial_rate)

    def imitate(self) -> dict[str, float]:
        """An epoch of maximum likelihood; returns {"loss": nats a token}."""
        batch, clip = self._knobs.batch, self._knobs.clip
        return teacher_forcing.epoch(self.generator, self._mle_adam, self.train, batch=batch, rng=self._rng, clip=clip)

    def sample(self) -> Tensor:
        """A batch of (batch, T) int64 sequences from the generator as it stands."""
        return self.generator.sample(self._knobs.batch, rng=self._rng)

    def reinforce(self, samples: Tensor, rewards: Tensor) -> dict[str, float]:
        """A policy-gradient step on (n, T) samples and the rewards of their tokens; returns {"loss", "reward"}."""
        return policy_gradient.step(self.generator, self._policy_adam, samples, rewards, clip=self._knobs.clip)

    def state(self) -> dict[str, Stateful]:
        """The generator and its two Adam states."""
        return {"generator": self.generator, "mle_adam": self._mle_adam, "policy_adam": self._policy_adam}
