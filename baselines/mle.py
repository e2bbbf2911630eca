"""Maximum likelihood: an LSTM trained by teacher forcing.

The first baseline of SeqGAN (Yu, Zhang, Wang, Yu; AAAI 2017, section "Training Setting"), and how its other generators
begin. On the authors' oracle their own code's log levels off at NLL_oracle 9.03-9.14; the paper prints 9.038.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from bench.contracts.data import SequenceData
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.training import teacher_forcing
from bench.toolkit.training.generator import GeneratorKnobs, build_generator, training_tokens
from bench.toolkit.training.optimiser import adam


@dataclass(frozen=True)
class Knobs(GeneratorKnobs):
    """The shared knobs, and no others."""


class MLE:
    """Minimise -log p(token | true tokens before it), averaged over the training data."""

    Settings: ClassVar[type] = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._train = training_tokens(data, device)
        self.generator = build_generator(data, settings, device, rng)
        self._adam = adam(self.generator, settings.rate)

    def phases(self) -> list[Phase]:
        """One phase."""
        return [Phase("mle", self._settings.mle_epochs, self._epoch)]

    def _epoch(self) -> dict[str, float]:
        s = self._settings
        return teacher_forcing.epoch(self.generator, self._adam, self._train, batch=s.batch, rng=self._rng, clip=s.clip)

    def state(self) -> dict[str, Stateful]:
        """The model and its Adam state."""
        return {"generator": self.generator, "adam": self._adam}
