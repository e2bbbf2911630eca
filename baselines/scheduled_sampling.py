"""Scheduled sampling: training on prefixes with more and more tokens of the model.

*Scheduled Sampling for Sequence Prediction with Recurrent Neural Networks* (Bengio, Vinyals, Jaitly, Shazeer; NIPS
2015), with the schedule of SeqGAN (AAAI 2017): linear decay, 300 epochs. The code of the SeqGAN authors draws its coin
once, when the graph is built, and so never samples; this is the method as published.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from bench.contracts.data import SequenceData
from bench.contracts.knobs import knob
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.training.counter import Counter
from bench.toolkit.training.generator import GeneratorKnobs, build_generator
from bench.toolkit.training.likelihood import imitation


@dataclass(frozen=True)
class Knobs(GeneratorKnobs):
    """The knobs of `mle`, and the decay."""

    mle_epochs: int = knob(300, low=0, quick=2, help="epochs of training")
    decay: float = knob(0.002, low=0, high=1, help="decrease per epoch of the probability of feeding the true token")


class ScheduledSampling:
    """In epoch e feed the true token with probability max(0, 1 - decay * e), else a sampled one; targets stay true."""

    Settings: ClassVar[type] = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        self._settings = settings
        self.generator = build_generator(data, settings, device, rng)
        self._imitation = imitation(self.generator, data, settings, device, rng)
        self._epochs = Counter()

    def phases(self) -> list[Phase]:
        """Return one phase: teacher forcing at first, then on more and more sampled tokens."""
        return [self._imitation.phase("scheduled-sampling", self._epoch)]

    def _epoch(self) -> dict[str, float]:
        keep = max(0.0, 1 - self._settings.decay * self._epochs.value)
        self._epochs.value += 1
        return {**self._imitation.epoch(keep), "keep": keep}

    def state(self) -> dict[str, Stateful]:
        return {"generator": self.generator, **self._imitation.state(), "epochs": self._epochs}
