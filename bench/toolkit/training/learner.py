"""The generator of a policy-gradient trainer and its two ways of learning, each with an Adam state of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from bench.contracts.data import SequenceData
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.training import policy_gradient
from bench.toolkit.training.generator import PolicyKnobs
from bench.toolkit.training.optimiser import adam
from bench.toolkit.training.pretraining import Pretraining


class PolicyLearner:
    """An LSTM that is pre-trained by maximum likelihood, `pretraining`, and then moved by rewards.

    What the rewards are, and when they are asked for, is the trainer's own business.
    """

    def __init__(self, data: SequenceData, knobs: PolicyKnobs, device: torch.device, rng: torch.Generator) -> None:
        self._knobs, self._rng = knobs, rng
        self.pretraining = Pretraining(data, knobs, device, rng)
        self.generator = self.pretraining.generator
        self._policy_adam = adam(self.generator, knobs.adversarial_rate)

    def phases(self, step: Callable[[], Mapping[str, float]]) -> list[Phase]:
        """Pre-training, then the rounds of policy gradient, each of which is `step`."""
        return [self.pretraining.phase(), Phase("adversarial", self._knobs.adversarial_steps, step)]

    def sample(self) -> Tensor:
        """Return a batch of (batch, T) int64 sequences from the generator as it stands."""
        return self.generator.sample(self._knobs.batch, rng=self._rng)

    def reinforce(self, samples: Tensor, rewards: Tensor) -> dict[str, float]:
        """A policy-gradient step on (n, T) samples and the rewards of their tokens; returns {"loss", "reward"}."""
        return policy_gradient.step(self.generator, self._policy_adam, samples, rewards, clip=self._knobs.clip)

    def state(self) -> dict[str, Stateful]:
        """Return the generator and what its two ways of learning remember."""
        pretraining = {f"mle_{name}": part for name, part in self.pretraining.state().items()}
        return {"generator": self.generator, **pretraining, "policy_adam": self._policy_adam}
