"""Chinese quatrains: four lines of five characters (Yu et al. 2017, Table 2)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.contracts.data import SequenceData
from bench.contracts.errors import BenchError
from bench.contracts.knobs import knob
from bench.toolkit.corpora import manifest, scoring, stand_ins, text
from bench.toolkit.corpora.fetch import Corpora, Corpus
from bench.toolkit.corpora.part import PartKnobs, part
from bench.toolkit.corpora.prepared import prepared
from bench.toolkit.corpora.replay import Replay

if TYPE_CHECKING:
    from bench.contracts.metric import Metric

LENGTH = 20


@dataclass(frozen=True)
class PoemsSettings(scoring.BleuKnobs, PartKnobs):
    """How the poems are split and judged."""

    seed: int = knob(0, low=0, help="draws the split")
    valid: int = knob(1_000, low=1, help="held-out poems for the real row, with test at most a fifth of all")
    test: int = knob(1_000, low=1, help="held-out poems for NLL_test, with valid at most a fifth of all")


class Poems:
    """One poem a line; punctuation is left out, and repeated poems are removed before splitting."""

    Settings = PoemsSettings

    def __init__(self, settings: PoemsSettings, corpora: Corpora) -> None:
        self.settings, self.corpora = settings, corpora

    def load(self) -> SequenceData:
        """Return rows of 20 characters; the vocabulary is that of the whole corpus (4,769 in the published one)."""
        corpus = self.corpora.open(manifest.entry(__file__, "poems"), stand_ins.poems)
        rules = scoring.other_knobs(self.settings)
        return prepared(self.corpora, corpus.source, rules, lambda: self._prepare(corpus))

    def metrics(self, data: SequenceData) -> Sequence[Metric]:
        """Return BLEU-2, as in the paper, then the rest."""
        return scoring.text_metrics(data, self.settings, headline=2)

    def real(self, data: SequenceData) -> Replay:
        return Replay(data.valid)

    def tokens(self, line: str) -> text.Row:
        """Return the characters of a poem without punctuation marks and blanks of any kind."""
        return tuple(character for character in line if not _is_mark(character))

    def _prepare(self, corpus: Corpus) -> SequenceData:
        where = corpus.source.file
        (lines,), name, read = part([text.lines(corpus.contents[0], where)], self.settings.rows, corpus.source)
        poems = [self.tokens(line) for line in lines]
        for number, poem in enumerate(poems, 1):
            if len(poem) != LENGTH:
                raise BenchError(f"{where}, poem {number}: {len(poem)} characters without marks, expected {LENGTH}")
        chosen = self.settings
        parts, notes = text.draw(poems, valid=chosen.valid, test=chosen.test, seed=chosen.seed, where=where)
        vocabulary = text.build_vocabulary((row for part in parts for row in part), where, joiner="")
        train, valid, test = arrays = [text.encode(part, vocabulary, LENGTH) for part in parts]
        notes += (*read, text.unseen_note(arrays, vocabulary), *corpus.notes)
        return SequenceData(train, valid, test, vocabulary, corpus.source, notes, part=name)


def _is_mark(character: str) -> bool:
    """Return whether it is punctuation (in full or half width), a blank, or a character without a shape."""
    return unicodedata.category(character)[0] in "PZC"
