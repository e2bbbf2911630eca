"""The subject of a check: a trainer class, its knobs, and small data of fixed or variable length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from bench.contracts import chance
from bench.contracts.data import SequenceData, Source
from bench.contracts.seeding import derive, numpy_rng, torch_rng
from bench.contracts.trainer import Trainer
from bench.contracts.vocabulary import Vocabulary


def toy_data(end: int | None = None) -> SequenceData:
    """Return data of a small seeded grammar: 12 tokens, T = 6, two choices after each token; `end` varies lengths."""
    rng = numpy_rng("conformance", str(end))
    rows = np.empty((400, 6), dtype=np.int64)
    rows[:, 0] = rng.integers(1, 12, 400)
    for t in range(1, 6):
        rows[:, t] = (rows[:, t - 1] * 2 + rng.integers(0, 2, 400)) % 11 + 1
    if end is not None:
        lengths = rng.integers(1, 7, 400)
        rows[np.arange(6)[None, :] >= lengths[:, None]] = end
    rows = rng.permutation(np.unique(rows, axis=0))
    words = Vocabulary(tuple(f"w{i}" for i in range(12)), start=0, end=end)
    source = Source("toy grammar", "0" * 64, "MIT", "generated")
    return SequenceData(rows[:-60], rows[-60:-30], rows[-30:], words, source)


class Subject(NamedTuple):
    """A trainer class, the knobs that it is checked with, and the data that it gets."""

    cls: type[Any]
    settings: Any
    data: SequenceData

    def build(self, seed: int = 0) -> tuple[Trainer, Any]:
        """Return a new trainer and its rng; global generators start from the seed, as in a run."""
        import torch

        rng = torch_rng("conformance", seed)
        with chance.seeded(derive("conformance", "construction", seed)):
            return self.cls(self.data, self.settings, torch.device("cpu"), rng), rng


def subjects(cls: type[Any], settings: Any) -> Iterator[tuple[str, Subject]]:
    """Yield the class on sequences of one length, then on sequences that end early."""
    yield "fixed length", Subject(cls, settings, toy_data())
    yield "variable length", Subject(cls, settings, toy_data(end=0))
