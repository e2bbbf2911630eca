"""Image captions of COCO as Texygen publishes them (Zhu et al. 2018): 10,000 to train on, 10,000 to test.

Texygen's files hold raw captions. Its tables score the words of NLTK's word tokenizer, and so does this dataset.
*Language GANs Falling Short* (Caccia et al. 2018) publishes the same captions in words (`files=gfs`): all 20,000 agree
in letters and digits, and 98 % of them in all words, apart from a final full stop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal

from bench.contracts.data import SequenceData
from bench.contracts.knobs import knob
from bench.toolkit.corpora import manifest, scoring, stand_ins, text
from bench.toolkit.corpora.fetch import Corpora, Corpus
from bench.toolkit.corpora.part import PartKnobs, part
from bench.toolkit.corpora.prepared import prepared
from bench.toolkit.corpora.replay import Replay
from bench.toolkit.metrics.bleu import bleu_metrics
from bench.toolkit.metrics.nll import NLLTest
from bench.toolkit.metrics.self_bleu import self_bleu_metrics
from bench.toolkit.metrics.train_bleu import train_bleu_metrics

if TYPE_CHECKING:
    from bench.contracts.metric import Metric

ENTRIES = {"texygen": "coco", "gfs": "coco-gfs"}
GFS_NOTE = (
    "captions as GANs Falling Short publishes them, split already: the same captions as Texygen's, 98 % of them equal "
    "to those under NLTK's word tokenizer but for a final full stop"
)


@dataclass(frozen=True)
class CocoSettings(scoring.BleuForm, PartKnobs):
    """How captions are read, cut, split and judged."""

    length: int = knob(0, low=0, high=1_000, help="T; 0 is the longest caption")
    files: Literal["texygen", "gfs"] = knob(
        "texygen",
        help="Texygen's files, split by NLTK's word tokenizer; or those of GANs Falling Short, split at blanks",
    )
    seed: int = knob(0, low=0, help="draws valid from the published train split")
    valid: int = knob(1_000, low=1, help="captions held out for the real row, at most a fifth")


class Coco:
    """Captions of varying length; the test split is the published one, repeats and all."""

    Settings = CocoSettings

    def __init__(self, settings: CocoSettings, corpora: Corpora) -> None:
        self.settings, self.corpora = settings, corpora

    def load(self) -> SequenceData:
        """Return rows closed and filled by the end token; the vocabulary is that of all splits, without <unk>."""
        entry = manifest.entry(__file__, ENTRIES[self.settings.files])
        corpus = self.corpora.open(entry, stand_ins.captions)
        rules = scoring.other_knobs(self.settings) | {"nltk": version("nltk")}
        return prepared(self.corpora, corpus.source, rules, lambda: self._prepare(corpus))

    def metrics(self, data: SequenceData) -> Sequence[Metric]:
        """Return BLEU-2..5 against test and against train, Self-BLEU-2..5 and NLL_test."""
        smoothing, average = self.settings.smoothing, self.settings.average
        return [
            *bleu_metrics(data, references="test", smoothing=smoothing, average=average),
            *train_bleu_metrics(data, smoothing=smoothing, average=average),
            *self_bleu_metrics(data, smoothing=smoothing, average=average),
            NLLTest(data),
        ]

    def real(self, data: SequenceData) -> Replay:
        return Replay(data.valid)

    def tokens(self, line: str) -> text.Row:
        """Return the words of a raw caption by NLTK's word tokenizer."""
        return tuple(_tokenizer()(line))

    def _prepare(self, corpus: Corpus) -> SequenceData:
        where, chosen = corpus.source.file, self.settings
        words = self.tokens if chosen.files == "texygen" else lambda line: tuple(line.split())
        lines, name, read = part([text.lines(file, where) for file in corpus.contents], chosen.rows, corpus.source)
        files = [[words(line) for line in file] for file in lines]
        longest = max(len(row) for file in files for row in file)
        length = min(chosen.length or longest, longest)
        files, longer = text.cut(files, length)
        parts, notes = text.divide(files, valid=chosen.valid, test=chosen.valid, seed=chosen.seed, where=where)
        vocabulary = text.build_vocabulary((row for part in parts for row in part), where, end=True)
        train, valid, held = (text.encode(part, vocabulary, length) for part in parts)
        notes += (*read, f"{longer} captions cut to {length} words", _vocabulary_note(parts))
        if chosen.files == "gfs" and corpus.source.kind == "published":
            notes += (GFS_NOTE,)
        return SequenceData(train, valid, held, vocabulary, corpus.source, notes, part=name)


@cache
def _tokenizer() -> Callable[[str], list[str]]:
    from nltk.tokenize import NLTKWordTokenizer

    tokenize: Callable[[str], list[str]] = NLTKWordTokenizer().tokenize
    return tokenize


def _vocabulary_note(parts: text.Split) -> str:
    """Return a note on how many words of the vocabulary a generator never sees in training."""
    train, valid, test = ({word for row in part for word in row} for part in parts)
    words = train | valid | test
    return (
        f"vocabulary of all splits: of its {len(words)} words {len(words - train)} do not occur in train, "
        f"{len(words - train - valid)} of them occur in test only"
    )
