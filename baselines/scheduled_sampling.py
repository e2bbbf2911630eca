"""Scheduled sampling: train on prefixes that the model increasingly writes itself.

*Scheduled Sampling for Sequence Prediction with Recurrent Neural Networks* (Bengio, Vinyals, Jaitly, Shazeer; NIPS
2015), as SeqGAN (AAAI 2017) compares with it: linear decay, 300 epochs. The SeqGAN authors' own code drew its coin
once, when the graph was built, and so never sampled; this is the method as published.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from bench.contracts.data import SequenceData
from bench.contracts.knobs import knob
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.training import teacher_forcing
from bench.toolkit.training.counter import Counter
from bench.toolkit.training.generator import GeneratorKnobs, build_generator, training_tokens
from bench.toolkit.training.optimiser import adam


@dataclass(frozen=True)
class Knobs(GeneratorKnobs):
    """The knobs of `mle`, and the decay."""

    mle_epochs: int = knob(300, low=0, quick=2, help="epochs of training")
    decay: float = knob(0.002, low=0, high=1, help="what the probability of feeding the true token loses every epoch")


class ScheduledSampling:
    """In epoch e feed the true token with probability max(0, 1 - decay * e), else a sampled one; targets stay true."""

    Settings: ClassVar[type] = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        self._settings, self._rng = settings, rng
        self._train = training_tokens(data, device)
        self.generator = build_generator(data, settings, device, rng)
        self._adam = adam(self.generator, settings.rate)
        self._epochs = Counter()

    def phases(self) -> list[Phase]:
        """One phase."""
        return [Phase("scheduled-sampling", self._settings.mle_epochs, self._epoch)]

    def _epoch(self) -> dict[str, float]:
        s = self._settings
        keep = max(0.0, 1 - s.decay * self._epochs.value)
        self._epochs.value += 1
        loss = teacher_forcing.epoch(
            self.generator, self._adam, self._train, batch=s.batch, rng=self._rng, keep=keep, clip=s.clip
        )
        return {**loss, "keep": keep}

    def state(self) -> dict[str, Stateful]:
        """The model, its Adam state, and the epoch that the schedule has reached."""
        return {"generator": self.generator, "adam": self._adam, "epochs": self._epochs}
