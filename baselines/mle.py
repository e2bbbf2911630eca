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
from bench.toolkit.training.generator import GeneratorKnobs, build_generator
from bench.toolkit.training.likelihood import imitation


@dataclass(frozen=True)
class Knobs(GeneratorKnobs):
    """The shared knobs, and no others."""


class MLE:
    """Minimise -log p(token | true tokens before it), averaged over the training data."""

    Settings: ClassVar[type] = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        self.generator = build_generator(data, settings, device, rng)
        self._imitation = imitation(self.generator, data, settings, device, rng)

    def phases(self) -> list[Phase]:
        """Teacher forcing from the first epoch to the last."""
        return [self._imitation.phase("mle")]

    def state(self) -> dict[str, Stateful]:
        return {"generator": self.generator, **self._imitation.state()}
