"""A small transformer decoder, trained by maximum likelihood with early stopping.

*Attention Is All You Need* (Vaswani et al.; NIPS 2017), with the normalisation before each part (Xiong et al. 2020), as
in GPT-2. It shows another architecture under the same likelihood: SeqGAN's comparison has LSTMs only. Early stopping
uses held-out sequences only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from bench.contracts.cost import Sizes, Stage
from bench.contracts.data import SequenceData
from bench.contracts.knobs import knob
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.models.transformer import Transformer as Model
from bench.toolkit.training.generator import LikelihoodKnobs
from bench.toolkit.training.likelihood import imitation


@dataclass(frozen=True)
class Knobs(LikelihoodKnobs):
    """The model, its dropout, and its training by AdamW."""

    blocks: int = knob(2, low=1, high=24, quick=1, help="blocks of attention and a feed-forward net")
    width: int = knob(64, low=2, quick=8, help="size of each position's vector; a multiple of heads")
    heads: int = knob(4, low=1, help="attention heads a block")
    dropout: float = knob(0.1, low=0, high=0.95, help="share of each part's output that is dropped in training")
    rate: float = knob(1e-3, low=0, help="AdamW rate")
    decay: float = knob(0.01, low=0, help="AdamW's weight decay")
    patience: int = knob(5, low=0, help="epochs without a lower held-out loss that end training; 0: train all")

    def cost(self, sizes: Sizes) -> list[Stage]:
        """Return all epochs, scaled by the width: an upper bound, because training stops earlier."""
        return [Stage("teacher-forcing", self.mle_epochs * sizes.train * self.blocks * self.width / 32)]

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"width = {self.width} is no multiple of heads = {self.heads}")


class Transformer:
    """Teacher forcing with dropout, until the held-out loss no longer falls."""

    Settings: ClassVar[type] = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        s, words = settings, data.vocabulary
        self.generator = Model(
            len(words),
            data.length,
            width=s.width,
            heads=s.heads,
            blocks=s.blocks,
            dropout=s.dropout,
            start=words.start,
            end=words.end,
            device=device,
        ).reset(rng)
        self._learning = imitation(self.generator, data, s, device, rng, decay=s.decay)

    def phases(self) -> list[Phase]:
        return [self._learning.phase("mle")]

    def state(self) -> dict[str, Stateful]:
        return {"generator": self.generator, **self._learning.state()}
