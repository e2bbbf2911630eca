"""A tiny dataset, written as a third party writes one: 4 words, T = 5."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.contracts.data import SequenceData, Source
from bench.contracts.knobs import knob
from bench.contracts.metric import Better, Generated, Metric, Scores
from bench.contracts.seeding import numpy_rng
from bench.contracts.vocabulary import Vocabulary
from bench.toolkit.corpora.fetch import Corpora
from bench.toolkit.corpora.replay import Replay
from bench.toolkit.metrics.nll import NLLTest


@dataclass(frozen=True)
class Knobs:
    rows: int = knob(150, low=30, help="sequences in all")


class Ones:
    """The share of ones."""

    name = "ones"
    better: ClassVar[Better] = "higher"

    def signature(self) -> str:
        return "ones|version:1"

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        shares = (generated.sequences == 1).mean(axis=1)
        return Scores(float(shares.mean()), shares)


class Words:
    Settings = Knobs

    def __init__(self, settings: Knobs, corpora: Corpora) -> None:
        self.settings = settings

    def load(self) -> SequenceData:
        every = np.stack(np.meshgrid(*[np.arange(4)] * 5), axis=-1).reshape(-1, 5)
        rows = numpy_rng("tiny words").permutation(every[(every == 1).sum(1) >= 2])[: self.settings.rows]
        tenth = len(rows) // 5
        vocabulary = Vocabulary(("zero", "one", "two", "three"))
        source = Source("tiny words", "0" * 64, "MIT", "generated")
        return SequenceData(rows[2 * tenth :], rows[:tenth], rows[tenth : 2 * tenth], vocabulary, source)

    def metrics(self, data: SequenceData) -> Sequence[Metric]:
        return [Ones(), NLLTest(data)]

    def real(self, data: SequenceData) -> Replay:
        return Replay(data.valid)
