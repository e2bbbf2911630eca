"""Maximum likelihood: an LSTM trained by teacher forcing.

The first baseline of SeqGAN (Yu, Zhang, Wang, Yu; AAAI 2017, section "Training Setting"), and the pre-training of its
other generators. On the authors' oracle the log of their code levels off at NLL_oracle 9.03-9.14; the paper prints
9.038.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from bench.contracts.data import SequenceData
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.training.generator import PretrainingKnobs
from bench.toolkit.training.pretraining import Pretraining


@dataclass(frozen=True)
class Knobs(PretrainingKnobs):
    """The shared knobs, and no others."""


class MLE:
    """Minimise -log p(token | true tokens before it), averaged over the training data."""

    Settings: ClassVar[type] = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        self._pretraining = Pretraining(data, settings, device, rng)
        self.generator = self._pretraining.generator

    def phases(self) -> list[Phase]:
        """Teacher forcing from the first epoch to the last."""
        return [self._pretraining.phase()]

    def state(self) -> dict[str, Stateful]:
        return {"generator": self.generator, **self._pretraining.state()}
