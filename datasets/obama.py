"""Speeches of President Obama: the first T words of each paragraph (Yu et al. 2017, Table 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bench.contracts.data import SequenceData
from bench.contracts.knobs import knob
from bench.toolkit.corpora import manifest, scoring, stand_ins, text
from bench.toolkit.corpora.fetch import Corpora, Corpus
from bench.toolkit.corpora.part import PartKnobs, part
from bench.toolkit.corpora.prepared import prepared
from bench.toolkit.corpora.replay import Replay

if TYPE_CHECKING:
    from bench.contracts.metric import Metric


@dataclass(frozen=True)
class ObamaSettings(scoring.BleuKnobs, PartKnobs):
    """How paragraphs are cut, split and judged."""

    length: int = knob(20, low=2, high=1_000, help="T, words of a paragraph; 20 or 32")
    min_count: int = knob(2, low=1, help="words seen less often are <unk>, which raises BLEU")
    seed: int = knob(0, low=0, help="draws the split")
    valid: int = knob(500, low=1, help="held-out rows for the real row, with test at most a fifth of all")
    test: int = knob(500, low=1, help="held-out rows for NLL_test, with valid at most a fifth of all")


class Obama:
    """Lower-cased, split by NLTK's word tokenizer; paragraphs shorter than T are left out, repeated rows too."""

    Settings = ObamaSettings

    def __init__(self, settings: ObamaSettings, corpora: Corpora) -> None:
        self.settings, self.corpora = settings, corpora

    def load(self) -> SequenceData:
        """Return rows of T words; a line is a paragraph, blank lines (between speeches) are skipped."""
        corpus = self.corpora.open(manifest.entry(__file__, "obama"), stand_ins.speech)
        rules = scoring.other_knobs(self.settings)
        return prepared(self.corpora, corpus.source, rules, lambda: self._prepare(corpus))

    def metrics(self, data: SequenceData) -> Sequence[Metric]:
        """Return BLEU-3 and BLEU-4, as in the paper, then the rest."""
        return scoring.text_metrics(data, self.settings, headline=3)

    def real(self, data: SequenceData) -> Replay:
        return Replay(data.valid)

    def tokens(self, line: str) -> text.Row:
        """Return the first T words of a paragraph."""
        return _opening_words(line, self.settings.length)

    def _prepare(self, corpus: Corpus) -> SequenceData:
        where, chosen = corpus.source.file, self.settings
        (paragraphs,), name, read = part([text.lines(corpus.contents[0], where)], chosen.rows, corpus.source)
        whole = [row for row in map(self.tokens, paragraphs) if len(row) == chosen.length]
        draw = partial(text.draw, valid=chosen.valid, test=chosen.test, seed=chosen.seed, where=where)
        parts, notes = draw(whole)
        rows = (row for part in parts for row in part)
        vocabulary = text.build_vocabulary(rows, where, min_count=chosen.min_count, unknown=chosen.min_count > 1)
        if vocabulary.unknown is not None:
            parts, notes = draw(*text.marked([whole], vocabulary), where=f"{where}, rare words as {text.UNKNOWN}")
        train, valid, test = arrays = [text.encode(part, vocabulary, chosen.length) for part in parts]
        notes += (
            *read,
            f"{len(paragraphs) - len(whole)} paragraphs shorter than {chosen.length} words left out",
            text.unseen_note(arrays, vocabulary),
            text.unknown_note(arrays, vocabulary, chosen.min_count),
            *corpus.notes,
        )
        return SequenceData(train, valid, test, vocabulary, corpus.source, notes, part=name)


def _opening_words(paragraph: str, length: int) -> text.Row:
    """Return the first `length` tokens of a paragraph in lower case.

    Every word gives at least one token, and a token depends on the next few words only, so the rest of a paragraph need
    not be split.
    """
    from nltk.tokenize import NLTKWordTokenizer

    opening = " ".join(paragraph.lower().split()[: length + 5])
    return tuple(NLTKWordTokenizer().tokenize(opening)[:length])
