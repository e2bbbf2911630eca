"""SeqGAN: policy gradient; the reward is a discriminator's probability that a sequence is real.

*SeqGAN: Sequence Generative Adversarial Nets with Policy Gradient* (Yu, Zhang, Wang, Yu; AAAI 2017), Algorithm 1:

    pre-train the generator by maximum likelihood
    pre-train the discriminator on real sequences against the generator's
    repeat
        for g-steps: sample sequences; reward each token by Monte Carlo rollouts (eq. 4); policy gradient step (eq. 8)
        for d-steps: fresh negatives from the generator; train the discriminator on them for k epochs (eq. 5)

The rollout policy is the generator itself: the authors' update rate of .8 has no effect in their code. With
`update_rate` it is a lagging average of the generator, which is a different algorithm.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from bench.contracts.cost import Sizes, Stage
from bench.contracts.data import SequenceData
from bench.contracts.knobs import knob
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.models.rollout import rollout_rewards
from bench.toolkit.models.text_cnn import TextCNN
from bench.toolkit.training import discriminator
from bench.toolkit.training.counter import Counter
from bench.toolkit.training.generator import PolicyKnobs, PretrainingKnobs
from bench.toolkit.training.learner import PolicyLearner
from bench.toolkit.training.optimiser import adam

JUDGED = 512
"""Held-out sequences, and as many fresh ones, that measure the discriminator's accuracy."""


@dataclass(frozen=True)
class Knobs(PolicyKnobs):
    """The knobs of the generator, of the discriminator, and of the balance of the two (the paper's Figure 3)."""

    g_steps: int = knob(1, low=1, help="generator steps a round")
    d_steps: int = knob(5, low=0, quick=1, help="times a round that the discriminator meets fresh negatives")
    k: int = knob(3, low=1, quick=1, help="epochs of the discriminator on each set of negatives")
    rollouts: int = knob(16, low=1, quick=2, help="completions of each prefix that the reward is averaged over")
    update_rate: float = knob(
        0.0, low=0, high=1, help="share of itself the rollout policy keeps each round; 0: it is the generator"
    )
    discriminator_epochs: int = knob(50, low=0, quick=1, help="d-steps of discriminator pre-training")
    discriminator_updates: int = knob(0, low=0, help="minibatches a d-step, shared by its k epochs; 0: no limit")
    discriminator_rate: float = knob(1e-4, low=0, help="Adam rate of the discriminator")
    discriminator_embedding: int = knob(64, low=1, help="size of the discriminator's token embedding")
    filters: float = knob(
        1.0, low=0.001, high=10, quick=0.02, help="scales the numbers of the discriminator's 1,720 filters"
    )
    dropout_keep: float = knob(0.75, low=0.01, high=1, help="share of features kept while the discriminator trains")
    l2: float = knob(0.2, low=0, help="weight of the penalty on the discriminator's output layer")

    def __post_init__(self) -> None:
        if 0 < self.discriminator_updates < self.k:
            told = f"discriminator_updates = {self.discriminator_updates} is below k = {self.k}"
            raise ValueError(f"{told}: give every epoch one, or 0 for no limit")

    def cost(self, sizes: Sizes) -> list[Stage]:
        """Return both pre-trainings, then the rounds: rewarded g-steps, and d-steps with their fresh negatives."""
        rewarded = self.adversarial_steps * self.g_steps * self.batch
        meetings = self.discriminator_epochs + self.adversarial_steps * self.d_steps
        shown = 2 * sizes.train * self.k
        if self.discriminator_updates:
            shown = min(shown, self.discriminator_updates * self.batch)
        return [
            *PretrainingKnobs.cost(self, sizes),
            Stage("policy-gradient", rewarded),
            Stage("rollout", rewarded * self.rollouts),
            Stage("discriminator", meetings * shown * self.filters),
            Stage("sample", meetings * shown / 2 / self.k),
        ]


class SeqGAN:
    """Algorithm 1: two pre-trainings, then rounds of g-steps and d-steps."""

    Settings: ClassVar[type] = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        s = self._settings = settings
        self._rng = rng
        self._learner = PolicyLearner(data, s, device, rng)
        self.generator = self._learner.generator
        self._policy = copy.deepcopy(self.generator) if s.update_rate else self.generator
        self._rounds = Counter()
        self._discriminator = TextCNN(
            len(data.vocabulary),
            data.length,
            embedding=s.discriminator_embedding,
            filters=s.filters,
            dropout_keep=s.dropout_keep,
            device=device,
        ).reset(rng)
        self._discriminator_adam = adam(self._discriminator, s.discriminator_rate)
        self._held_out = torch.as_tensor(data.valid[:JUDGED], device=device)

    def phases(self) -> list[Phase]:
        """Return the two pre-trainings, then the rounds."""
        s = self._settings
        return [
            self._learner.pretraining.phase(),
            Phase("discriminator", s.discriminator_epochs, self._prepare, trains_generator=False),
            Phase("adversarial", s.adversarial_steps, self._round),
        ]

    def _prepare(self) -> dict[str, float]:
        """Run one d-step of the discriminator's pre-training."""
        return self._discriminate() | {"held_out_accuracy": self._accuracy()}

    def _discriminate(self) -> dict[str, float]:
        """Run one d-step: k epochs on real sequences against as many fresh negatives."""
        s = self._settings
        real = self._real()
        fake = self.generator.sample(len(real), rng=self._rng)
        values: dict[str, float] = {}
        for _ in range(s.k):
            values = discriminator.epoch(
                self._discriminator, self._discriminator_adam, real, fake, batch=s.batch, rng=self._rng, l2=s.l2
            )
        return values

    def _real(self) -> Tensor:
        """Return the training set; if updates are limited, a random part of it that fills that many minibatches."""
        s, train = self._settings, self._learner.pretraining.train
        if not s.discriminator_updates:
            return train
        order = torch.randperm(len(train), generator=self._rng, device=self._rng.device)
        return train[order[: max(1, s.discriminator_updates // s.k * s.batch // 2)].to(train.device)]

    def _round(self) -> dict[str, float]:
        """Run one round: g-steps, then d-steps."""
        s = self._settings
        values: dict[str, float] = {}
        if self._rounds.value == 0:  # a lagging rollout policy starts from the pre-trained generator
            self._policy.load_state_dict(self.generator.state_dict())
        self._rounds.value += 1
        for _ in range(s.g_steps):
            values |= self._reinforce()
        if s.update_rate:
            self._follow()
        for _ in range(s.d_steps):
            values |= {f"discriminator_{name}": value for name, value in self._discriminate().items()}
        return values | {"held_out_accuracy": self._accuracy()}

    def _accuracy(self) -> float:
        """Return the discriminator's accuracy on held-out real sequences against fresh ones of the generator."""
        return discriminator.held_out_accuracy(self._discriminator, self._held_out, self.generator, self._rng)

    def _reinforce(self) -> dict[str, float]:
        """Run one g-step; a token's reward is the discriminator's mean probability for the rollouts of its prefix."""
        samples, rollouts = self._learner.sample(), self._settings.rollouts
        believe = self._discriminator.real_probability
        rewards = rollout_rewards(self._policy, samples, believe, rollouts=rollouts, rng=self._rng)
        return self._learner.reinforce(samples, rewards)

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the rollout policy: it keeps `update_rate` of itself and takes the rest from the generator."""
        for lagging, current in zip(self._policy.parameters(), self.generator.parameters(), strict=True):
            lagging.lerp_(current, 1 - self._settings.update_rate)

    def state(self) -> dict[str, Stateful]:
        return {
            **self._learner.state(),
            "policy": self._policy,
            "rounds": self._rounds,
            "discriminator": self._discriminator,
            "discriminator_adam": self._discriminator_adam,
        }
