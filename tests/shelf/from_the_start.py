"""A third party's trainers whose first phase has a start: one by the toolkit's learner, one that is all its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from bench.contracts.data import SequenceData
from bench.contracts.knobs import knob
from bench.contracts.trainer import Phase, Start, Stateful
from bench.toolkit.training.counter import Counter
from bench.toolkit.training.generator import PolicyKnobs
from bench.toolkit.training.learner import PolicyLearner


class Even:
    """The toolkit's generator and pre-training, then rewards for even tokens."""

    Settings: ClassVar[type] = PolicyKnobs

    def __init__(self, data: SequenceData, settings: PolicyKnobs, device: torch.device, rng: torch.Generator) -> None:
        torch.rand(3, generator=rng)  # the arm's own random numbers do not touch the start
        self._learner = PolicyLearner(data, settings, device, rng)
        self.generator = self._learner.generator

    def phases(self) -> list[Phase]:
        return self._learner.phases(self._step)

    def _step(self) -> dict[str, float]:
        samples = self._learner.sample()
        return self._learner.reinforce(samples, (samples % 2 == 0).float())

    def state(self) -> dict[str, Stateful]:
        return self._learner.state()


class Unigram(torch.nn.Module):
    """One distribution for all positions."""

    def __init__(self, tokens: int, length: int) -> None:
        super().__init__()
        self.logits, self.length = torch.nn.Parameter(torch.zeros(tokens)), length

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> torch.Tensor:
        weights = (self.logits / temperature).softmax(0).detach()
        return torch.multinomial(weights, count * self.length, True, generator=rng).view(count, self.length)

    def log_prob(self, sequences: torch.Tensor) -> torch.Tensor:
        return self.logits.log_softmax(0).detach()[sequences]


@dataclass(frozen=True)
class Knobs:
    epochs: int = knob(3, low=0, help="epochs of its own")


class Own:
    """A unigram that drifts at random; its start is its own code."""

    Settings: ClassVar[type] = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        self._settings, self._rng = settings, rng
        self.generator = Unigram(len(data.vocabulary), data.length)

    def phases(self) -> list[Phase]:
        start = Start({"epochs": self._settings.epochs}, {"generator": self.generator}, self._begin)
        return [Phase("drift", self._settings.epochs, self._step, start=start)]

    def _begin(self, rng: torch.Generator) -> None:
        logits = self.generator.logits.data
        logits.copy_(torch.rand(logits.shape, generator=rng))

    def _step(self) -> dict[str, float]:
        logits = self.generator.logits.data
        logits.add_(torch.rand(logits.shape, generator=self._rng) + torch.rand(logits.shape))
        return {"loss": 0.0}

    def state(self) -> dict[str, Stateful]:
        return {"generator": self.generator}


class KeepsItsBeginning(Own):
    """Its start still holds the random numbers of its construction."""

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        super().__init__(data, settings, device, rng)
        super()._begin(rng)

    def _begin(self, rng: torch.Generator) -> None:
        """Set nothing anew."""


class LeavesAPartOut(Own):
    """Its first phase also counts, and the start does not know."""

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        super().__init__(data, settings, device, rng)
        self._count = Counter()

    def _step(self) -> dict[str, float]:
        self._count.value += 1
        return super()._step()

    def state(self) -> dict[str, Stateful]:
        return {**super().state(), "count": self._count}
