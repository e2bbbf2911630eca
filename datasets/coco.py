"""Image captions of COCO as the field reports them: 10,000 to train on, 10,000 to test.

Two editions with different captions go by this name, and their scores differ (500 real training captions against the
test split, BLEU-2 .69 and .73): Texygen's (Zhu et al. 2018), and that of GANs Falling Short (Caccia et al. 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bench.corpora import manifest, sample, scoring, text
from bench.corpora.fetch import Corpora, Corpus
from bench.corpora.prepared import prepared
from bench.corpora.replay import Replay
from bench.data import SequenceData
from bench.settings import knob

if TYPE_CHECKING:
    from bench.metric import Metric


@dataclass(frozen=True)
class CocoSettings(scoring.BleuKnobs):
    """How captions are cut, split and judged."""

    length: int = knob(0, low=0, high=1_000, help="T; 0 is the longest caption")
    edition: Literal["gfs", "texygen"] = knob(
        "gfs", choices=("gfs", "texygen"), help="the 10,000 + 10,000 captions of GANs Falling Short, or of Texygen"
    )
    seed: int = knob(0, low=0, help="draws valid from the published train split")
    valid: int = knob(1_000, low=1, help="captions held out for the real row, at most a fifth")
    references: Literal["train", "test"] = knob("test", choices=("train", "test"), help="Texygen's protocol is test")


class Coco:
    """Captions of varying length, already split on spaces; the test split is the published one, repeats and all."""

    Settings = CocoSettings

    def __init__(self, settings: CocoSettings, corpora: Corpora) -> None:
        self.settings, self.corpora = settings, corpora

    def load(self) -> SequenceData:
        """Rows closed and filled by the end token; the vocabulary is that of both published splits, without <unk>."""
        name = "coco" if self.settings.edition == "gfs" else "coco-texygen"
        corpus = self.corpora.open(manifest.entry(__file__, name), sample.captions)
        rules = scoring.other_knobs(self.settings)
        return prepared(self.corpora, corpus.source, rules, lambda: self._prepare(corpus))

    def metrics(self, data: SequenceData) -> Sequence[Metric]:
        """BLEU-2..5, Self-BLEU-2..5 and NLL_test."""
        return scoring.text_metrics(data, self.settings, headline=2)

    def real(self, data: SequenceData) -> Replay:
        """Held-out captions."""
        return Replay(data.valid)

    def _prepare(self, corpus: Corpus) -> SequenceData:
        where, chosen = corpus.source.file, self.settings
        files = [[tuple(line.split()) for line in text.lines(file, where)] for file in corpus.contents]
        longest = max(len(row) for file in files for row in file)
        length = min(chosen.length or longest, longest)
        files, longer = text.cut(files, length)
        parts, notes = text.divide(files, valid=chosen.valid, test=chosen.valid, seed=chosen.seed, where=where)
        vocabulary = text.build_vocabulary((row for part in parts for row in part), where, end=True)
        train, valid, held = (text.encode(part, vocabulary, length) for part in parts)
        notes += (f"{longer} captions cut to {length} words",)
        return SequenceData(train, valid, held, vocabulary, corpus.source, notes)
