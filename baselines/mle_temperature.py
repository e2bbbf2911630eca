"""Maximum likelihood, sampled at a temperature below 1: a control for gains by sharpness alone.

After *Language GANs Falling Short* (Caccia, Caccia, Fedus, Larochelle, Pineau, Charlin; ICLR 2020): NLL_oracle falls
when a generator merely avoids its rarer tokens, with no better model of the data. So compare a GAN with MLE at the
temperature at which both have the same NLL_oracle, and then on diversity (NLL_test, Self-BLEU).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from bench.contracts.data import SequenceData
from bench.contracts.knobs import knob
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.models.tempered import tempered
from bench.toolkit.training.generator import PretrainingKnobs
from bench.toolkit.training.pretraining import Pretraining


@dataclass(frozen=True)
class Knobs(PretrainingKnobs):
    """The knobs of `mle`, and the temperature."""

    temperature: float = knob(0.8, low=0.01, high=100, help="divisor of the trained generator's logits")


class MLETemperature:
    """Train as `mle` does, at temperature 1; the temperature applies to drawn samples only."""

    Settings: ClassVar[type] = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        self._pretraining = Pretraining(data, settings, device, rng)
        self.generator = tempered(self._pretraining.generator, settings.temperature)

    def phases(self) -> list[Phase]:
        """Teacher forcing from the first epoch to the last."""
        return [self._pretraining.phase()]

    def state(self) -> dict[str, Stateful]:
        return {"generator": self._pretraining.generator, **self._pretraining.state()}
