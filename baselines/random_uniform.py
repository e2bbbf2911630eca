"""Uniform noise: every token of the vocabulary equally likely, at every position.

The floor of every table. It is not the "Random" row of *SeqGAN* (Yu et al., AAAI 2017; Table 1): on the authors' oracle
it scores NLL_oracle 11.43, while the paper's 10.310 fits `random-unigram`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from bench.contracts.cost import Sizes, Stage
from bench.contracts.data import SequenceData
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.models.unigram import Unigram


@dataclass(frozen=True)
class Knobs:
    """No knobs."""

    def cost(self, sizes: Sizes) -> list[Stage]:
        """Return no stage: nothing is trained."""
        return []


class RandomUniform:
    """Nothing is trained; in data of variable length the end token is drawn like any other."""

    Settings: ClassVar[type] = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        size = len(data.vocabulary)
        uniform = torch.full((size,), 1 / size, device=device)
        self.generator = Unigram(uniform, data.length, end=data.vocabulary.end)

    def phases(self) -> list[Phase]:
        return []

    def state(self) -> dict[str, Stateful]:
        return {}
