"""Tokens drawn independently, each with its frequency in the training data.

It stands beside the paper's "Random" row: SeqGAN (Yu, Zhang, Wang, Yu; AAAI 2017) prints 10.310 in Table 1, and on the
authors' oracle the training unigram scores 10.29 (uniform tokens: 11.43). It knows the words, not their order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from bench.contracts.cost import Sizes, Stage
from bench.contracts.data import SequenceData
from bench.contracts.knobs import knob
from bench.contracts.lengths import live
from bench.contracts.trainer import Phase, Stateful
from bench.toolkit.models.unigram import Unigram


@dataclass(frozen=True)
class Knobs:
    """Lidstone smoothing: without it a test token that training lacks has probability 0, and NLL_test no value."""

    pseudocount: float = knob(0.01, low=0, help="added to the count of every token of the vocabulary")

    def cost(self, sizes: Sizes) -> list[Stage]:
        """Return no stage: nothing is trained."""
        return []


class RandomUnigram:
    """Fit token frequencies by counting; the end token of a sequence counts once."""

    Settings: ClassVar[type] = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        words = data.vocabulary
        tokens = torch.as_tensor(data.train)[live(torch.as_tensor(data.train), words.end)]
        counts = tokens.bincount(minlength=len(words)).double() + settings.pseudocount
        self.generator = Unigram((counts / counts.sum()).float().to(device), data.length, end=words.end)

    def phases(self) -> list[Phase]:
        return []

    def state(self) -> dict[str, Stateful]:
        return {}
