"""An n-gram model with interpolated Kneser-Ney smoothing: a generator by counting alone.

*Improved backing-off for m-gram language modeling* (Kneser, Ney; ICASSP 1995), in the interpolated form of Chen and
Goodman (1999). A neural generator has to beat it: it trains in a second, its probabilities are exact, and BLEU of short
orders cannot tell it from real text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from bench.contracts.cost import Sizes, Stage
from bench.contracts.data import SequenceData
from bench.contracts.knobs import knob
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.models.kneser_ney import KneserNey


@dataclass(frozen=True)
class Knobs:
    """The length of the n-grams."""

    order: int = knob(5, low=1, high=8, help="the longest n-gram counted; 1 ignores all tokens before")

    def cost(self, sizes: Sizes) -> list[Stage]:
        """Return no stage: counting takes seconds at most."""
        return []


class NGram:
    """Fit the model by counting; no phase trains it."""

    Settings: ClassVar[type] = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        words = data.vocabulary
        self.generator = KneserNey(data.train, len(words), order=settings.order, end=words.end)

    def phases(self) -> list[Phase]:
        return []

    def state(self) -> dict[str, Stateful]:
        return {}
