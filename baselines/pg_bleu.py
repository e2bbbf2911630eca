"""Policy gradient on BLEU: the reward is a fixed score in place of a discriminator.

The third baseline of SeqGAN (Yu, Zhang, Wang, Yu; AAAI 2017): the generator is pre-trained by maximum likelihood. Then
its reward is the BLEU-3 of the completed sequence against a random 40 % of the training set, with one rollout a prefix
(the authors' settings). The default smoothing is that of NLTK at the time: orders without a match are left out. With
`method1` or `none` only sequences that repeat phrases of the training set get a reward, and the generator collapses to
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from bench.contracts.cost import Sizes, Stage
from bench.contracts.data import SequenceData
from bench.contracts.knobs import knob
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.metrics.bleu import BleuIndex, Smoothing
from bench.toolkit.models.rollout import rollout_rewards
from bench.toolkit.training.generator import PolicyKnobs
from bench.toolkit.training.learner import PolicyLearner


@dataclass(frozen=True)
class Knobs(PolicyKnobs):
    """The generator's knobs, and how its samples are rewarded."""

    order: int = knob(3, low=1, high=5, help="BLEU-n of the reward")
    references: float = knob(0.4, low=0, high=1, help="share of the training set that the reward compares with")
    smoothing: Smoothing = knob("nltk-2016", help="how an order without a match counts")
    rollouts: int = knob(1, low=1, quick=2, help="completions of each prefix that the reward is averaged over")

    def cost(self, sizes: Sizes) -> list[Stage]:
        """Return pre-training, and steps with rollouts judged by BLEU; they are timed with a discriminator instead."""
        completed = self.adversarial_steps * self.batch * self.rollouts
        return [*super().cost(sizes), Stage("rollout", completed)]


class PGBLEU:
    """Pre-train by maximum likelihood, then raise the BLEU of the samples by policy gradient."""

    Settings: ClassVar[type] = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._learner = PolicyLearner(data, settings, device, rng)
        self.generator = self._learner.generator
        chosen = torch.randperm(len(data.train), generator=rng, device=rng.device).cpu().numpy()
        count = max(1, round(settings.references * len(data.train)))
        self._bleu = BleuIndex(data.train[chosen[:count]], end=data.vocabulary.end, max_order=settings.order)

    def phases(self) -> list[Phase]:
        """Maximum likelihood, then the policy gradient."""
        return self._learner.phases(self._reinforce)

    def _reinforce(self) -> dict[str, float]:
        samples, rollouts = self._learner.sample(), self._settings.rollouts
        rewards = rollout_rewards(self.generator, samples, self._score, rollouts=rollouts, rng=self._rng)
        return self._learner.reinforce(samples, rewards)

    def _score(self, sequences: Tensor) -> Tensor:
        """Return (n,) BLEU of whole sequences."""
        s = self._settings
        scores = self._bleu.sentence_scores(sequences.cpu().numpy(), s.order, smoothing=s.smoothing)
        return torch.as_tensor(scores, dtype=torch.float32, device=sequences.device)

    def state(self) -> dict[str, Stateful]:
        """Return the generator and its two Adam states; the references follow from the seed."""
        return self._learner.state()
