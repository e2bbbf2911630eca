"""Chinese quatrains: four lines of five characters (Yu et al. 2017, Table 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bench.corpora import manifest, sample, text
from bench.corpora.fetch import Corpora, Corpus
from bench.corpora.prepared import prepared
from bench.corpora.replay import Replay
from bench.dataset import SequenceData
from bench.errors import BenchError
from bench.metrics.bleu import Average, Smoothing, bleu_metrics
from bench.settings import knob

if TYPE_CHECKING:
    from bench.metric import Metric

MARKS = str.maketrans("", "", "，。 ")
LENGTH = 20


@dataclass(frozen=True)
class PoemsSettings:
    """How the poems are split and judged."""

    seed: int = knob(0, low=0, help="draws the split")
    valid: int = knob(1_000, low=1, help="held-out poems for the real row, at most a tenth")
    test: int = knob(1_000, low=1, help="held-out poems for NLL_test, at most a tenth")
    references: Literal["train", "test"] = knob(
        "train", choices=("train", "test"), help="BLEU against nearly the whole corpus, or held out"
    )
    smoothing: Smoothing = knob("method1", choices=("none", "method1", "nltk-2016"), help="of BLEU")
    average: Average = knob("mean", choices=("mean", "corpus"), help="of BLEU: mean of sentences, or of the corpus")


class Poems:
    """One poem a line; the marks are stripped, repeated poems removed before splitting."""

    Settings = PoemsSettings

    def __init__(self, settings: PoemsSettings, corpora: Corpora) -> None:
        self.settings, self.corpora = settings, corpora

    def load(self) -> SequenceData:
        """Rows of 20 characters; the vocabulary is that of the whole corpus (4,769 in the published one)."""
        chosen = self.settings
        corpus = self.corpora.open(manifest.entry(__file__, "poems"), sample.poems)
        rules = {"poems": 1, "seed": chosen.seed, "valid": chosen.valid, "test": chosen.test}
        return prepared(self.corpora, corpus.source, rules, lambda: self._prepare(corpus))

    def metrics(self, data: SequenceData) -> Sequence[Metric]:
        """BLEU-2, as in the paper, then the rest."""
        from bench.metrics.nll import NLLTest
        from bench.metrics.self_bleu import self_bleu_metrics

        chosen = self.settings
        bleu = bleu_metrics(data, references=chosen.references, smoothing=chosen.smoothing, average=chosen.average)
        return [*bleu, *self_bleu_metrics(data), NLLTest(data)]

    def real(self, data: SequenceData) -> Replay:
        """Held-out poems."""
        return Replay(data.valid)

    def _prepare(self, corpus: Corpus) -> SequenceData:
        where = corpus.source.file
        poems = [tuple(line.translate(MARKS)) for line in text.lines(corpus.contents[0], where)]
        for number, poem in enumerate(poems, 1):
            if len(poem) != LENGTH:
                raise BenchError(f"{where}, poem {number}: {len(poem)} characters without marks, expected {LENGTH}")
        rows = text.distinct(poems)
        parts = text.split(
            rows, valid=self.settings.valid, test=self.settings.test, seed=self.settings.seed, where=where
        )
        vocabulary = text.build_vocabulary(rows, where, joiner="")
        train, valid, test = (text.encode(part, vocabulary, LENGTH) for part in parts)
        notes = (
            f"{len(poems) - len(rows)} repeated poems removed",
            "vocabulary of the whole corpus, held-out poems included",
        )
        return SequenceData(train, valid, test, vocabulary, corpus.source, notes)
