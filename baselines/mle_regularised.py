"""Maximum likelihood with dropout and early stopping: the MLE that a GAN has to beat.

The published comparison trains its MLE for a fixed number of epochs, long after its best epoch on held-out data. Here
an LSTM has dropout, one mask a sequence (*A Theoretically Grounded Application of Dropout in Recurrent Neural
Networks*, Gal and Ghahramani; NIPS 2016). Training stops when the loss on held-out data no longer falls, and keeps the
best weights. Early stopping uses held-out sequences only, never the oracle.

*Language GANs Falling Short* (Caccia et al.; ICLR 2020) reports NLL_oracle / NLL_test 9.400 / 7.610 on the authors'
oracle for an MLE chosen on held-out data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from bench.contracts.cost import Sizes, Stage
from bench.contracts.data import SequenceData
from bench.contracts.knobs import knob
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.models.deep_lstm import DeepLSTM
from bench.toolkit.training.generator import LikelihoodKnobs
from bench.toolkit.training.likelihood import imitation


@dataclass(frozen=True)
class Knobs(LikelihoodKnobs):
    """The model, its dropout, and its training. The defaults were chosen by held-out loss on the authors' data."""

    layers: int = knob(1, low=1, high=8, help="LSTM layers")
    embedding: int = knob(128, low=1, quick=8, help="size of the token embedding")
    hidden: int = knob(128, low=1, quick=8, help="size of each layer's state")
    dropout: float = knob(0.6, low=0, high=0.95, help="share of each layer's output that is dropped in training")
    rate: float = knob(3e-3, low=0, help="Adam rate")
    patience: int = knob(5, low=0, help="epochs without a lower held-out loss that end training; 0: train all")

    def cost(self, sizes: Sizes) -> list[Stage]:
        """Return all epochs, scaled by the state's size: an upper bound, because training stops earlier."""
        return [Stage("teacher-forcing", self.mle_epochs * sizes.train * self.layers * self.hidden / 32)]


class MLERegularised:
    """Teacher forcing with dropout, until the held-out loss no longer falls."""

    Settings: ClassVar[type] = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        s, words = settings, data.vocabulary
        self.generator = DeepLSTM(
            len(words),
            data.length,
            embedding=s.embedding,
            hidden=s.hidden,
            layers=s.layers,
            dropout=s.dropout,
            start=words.start,
            end=words.end,
            device=device,
        ).reset(rng)
        self._learning = imitation(self.generator, data, s, device, rng)

    def phases(self) -> list[Phase]:
        return [self._learning.phase("mle")]

    def state(self) -> dict[str, Stateful]:
        return {"generator": self.generator, **self._learning.state()}
