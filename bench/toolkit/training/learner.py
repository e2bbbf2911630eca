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
    """An LSTM that is pre-trained by maximum likelihood, `pretraining`, and then trained by rewards.

    The trainer decides what the rewards are, and when they are computed.
    """

    def __init__(self, data: SequenceData, knobs: PolicyKnobs, device: torch.device, rng: torch.Generator) -> None:
        self._knobs, self._rng = knobs, rng
        self.pretraining = Pretraining(data, knobs, device, rng)
        self.generator = self.pretraining.generator
        self._policy_adam = adam(self.generator, knobs.adversarial_rate)

    def phases(self, step: Callable[[], Mapping[str, float]]) -> list[Phase]:
        """Return pre-training, then the rounds of policy gradient; each round is one `step`."""
        return [self.pretraining.phase(), Phase("adversarial", self._knobs.adversarial_steps, step)]

    def sample(self) -> Tensor:
        """Return a batch of (batch, T) int64 sequences from the present generator."""
        return self.generator.sample(self._knobs.batch, rng=self._rng)

    def reinforce(self, samples: Tensor, rewards: Tensor) -> dict[str, float]:
        """Take a policy-gradient step on (n, T) samples with rewards of their tokens; return {"loss", "reward"}."""
        return policy_gradient.step(self.generator, self._policy_adam, samples, rewards, clip=self._knobs.clip)

    def state(self) -> dict[str, Stateful]:
        """Return the generator and the state of both ways of learning."""
        pretraining = {f"mle_{name}": part for name, part in self.pretraining.state().items()}
        return {"generator": self.generator, **pretraining, "policy_adam": self._policy_adam}
