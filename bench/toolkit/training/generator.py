"""The generator that trainers share, and its knobs; the defaults are the `official` preset, the authors' schedule."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from bench.contracts.cost import Sizes, Stage
from bench.contracts.data import SequenceData
from bench.contracts.knobs import knob
from bench.toolkit.models.lstm import LSTM


@dataclass(frozen=True)
class LikelihoodKnobs:
    """Knobs of training by maximum likelihood, for any model."""

    batch: int = knob(64, low=1, help="sequences a minibatch")
    rate: float = knob(1e-2, low=0, help="Adam rate of maximum-likelihood training")
    clip: float = knob(5.0, low=1e-6, help="global norm to which the generator's gradient is clipped")
    mle_epochs: int = knob(120, low=0, quick=2, help="epochs of maximum-likelihood training")
    patience: int = knob(
        0, low=0, help="stop it after so many epochs without a lower held-out loss, at the best weights; 0: train all"
    )

    def cost(self, sizes: Sizes) -> list[Stage]:
        """Return the epochs of maximum likelihood."""
        return [Stage("teacher-forcing", self.mle_epochs * sizes.train)]


@dataclass(frozen=True)
class GeneratorKnobs(LikelihoodKnobs):
    """Knobs of an LSTM and its training."""

    embedding: int = knob(32, low=1, quick=8, help="size of the generator's token embedding")
    hidden: int = knob(32, low=1, quick=8, help="size of the generator's LSTM state")
    init_std: float = knob(0.1, low=0, help="every generator parameter starts as N(0, init_std)")


@dataclass(frozen=True)
class PretrainingKnobs(GeneratorKnobs):
    """The same knobs, with a start that arms of one seed share."""

    own_start: bool = knob(
        False, help="train the start from random numbers of this arm alone, not the start that arms of a seed share"
    )

    def cost(self, sizes: Sizes) -> list[Stage]:
        """Return the epochs of maximum likelihood; arms with a shared start train them once."""
        shared = "" if self.own_start else json.dumps(self.of_start(), sort_keys=True)
        return [Stage("teacher-forcing", self.mle_epochs * sizes.train, shared)]

    def of_start(self) -> dict[str, Any]:
        """Return the knobs that the start depends on."""
        return {field.name: getattr(self, field.name) for field in fields(GeneratorKnobs)}


@dataclass(frozen=True)
class PolicyKnobs(PretrainingKnobs):
    """The same knobs, and those of the policy gradient, which has an Adam state of its own."""

    adversarial_rate: float = knob(1e-2, low=0, help="Adam rate of policy-gradient training")
    adversarial_steps: int = knob(
        200, low=0, quick=2, help="rounds of policy-gradient training, a batch of samples each"
    )

    def cost(self, sizes: Sizes) -> list[Stage]:
        """Return the epochs of maximum likelihood, and a policy-gradient step a round, without its rewards."""
        return [*super().cost(sizes), Stage("policy-gradient", self.adversarial_steps * self.batch)]


def build_generator(data: SequenceData, knobs: GeneratorKnobs, device: torch.device, rng: torch.Generator) -> LSTM:
    """Return a fresh generator for the data's vocabulary and length."""
    words = data.vocabulary
    model = LSTM(
        len(words),
        data.length,
        embedding=knobs.embedding,
        hidden=knobs.hidden,
        start=words.start,
        end=words.end,
        device=device,
    )
    return model.reset(knobs.init_std, rng)


def training_tokens(data: SequenceData, device: torch.device) -> Tensor:
    """Return the training split, (n, T) int64, on the trainer's device."""
    return torch.as_tensor(data.train, device=device)
