"""The user's own corpus, one sequence a line: `text:FILE`, or `text:FILE#column` of a table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bench.contracts.data import SequenceData
from bench.contracts.errors import BenchError
from bench.contracts.knobs import knob
from bench.contracts.vocabulary import Vocabulary
from bench.toolkit.corpora import coarse, scoring, text
from bench.toolkit.corpora.fetch import Corpora, Corpus, local
from bench.toolkit.corpora.part import PartKnobs, part
from bench.toolkit.corpora.prepared import prepared
from bench.toolkit.corpora.reading.cells import Cell
from bench.toolkit.corpora.reading.rows import Rows, filled, parse, split_column
from bench.toolkit.corpora.replay import Replay

if TYPE_CHECKING:
    from bench.contracts.metric import Metric

LONGEST = 1_000


@dataclass(frozen=True)
class TextSettings(scoring.BleuKnobs, PartKnobs):
    """Which file, how its lines become tokens, and how they are split."""

    file: str = knob("", path=True, help="the corpus; FILE#column for a table")
    test_file: str = knob("", path=True, help="a test split of its own; else drawn from the corpus")
    tokens: Literal["word", "char"] = knob("word", help="split at spaces, or every character")
    length: int = knob(32, low=2, high=LONGEST, help="longer lines are cut; T is at most the longest line")
    min_count: int = knob(1, low=1, help="tokens seen less often are <unk>")
    valid: int = knob(1_000, low=1, help="lines held out for the real row; with test at most a fifth")
    test: int = knob(1_000, low=1, help="lines held out for NLL_test, where there is no test_file")
    seed: int = knob(0, low=0, help="draws the split")


class Text:
    """Lines of varying length, each closed by the end token; repeated lines are removed before splitting."""

    Settings = TextSettings

    def __init__(self, settings: TextSettings, corpora: Corpora) -> None:
        self.settings, self.corpora = settings, corpora

    def load(self) -> SequenceData:
        """Return the splits with the vocabulary of the whole corpus; notes tell which lines were cut or removed."""
        given = self.settings.file or str(self.corpora.files.get("text", ""))
        if not given:
            raise BenchError("text: say which file, as in text:FILE or text:FILE#column")
        paths = [split_column(reference) for reference in (given, self.settings.test_file) if reference]
        corpus = local(*(path for path, _ in paths))
        columns = [(path.suffix, column) for path, column in paths]
        rules = scoring.other_knobs(self.settings) | {"columns": columns}
        return prepared(self.corpora, corpus.source, rules, lambda: self._prepare(corpus, paths))

    def metrics(self, data: SequenceData) -> Sequence[Metric]:
        """Return BLEU-2..5, Self-BLEU-2..5 and NLL_test."""
        return scoring.text_metrics(data, self.settings, headline=2)

    def real(self, data: SequenceData) -> Replay:
        return Replay(data.valid)

    def tokens(self, line: str) -> text.Row:
        """Return the words of a line, or all its characters. Equal words are one object, which saves memory."""
        return tuple(map(sys.intern, line.split())) if self.settings.tokens == "word" else tuple(line)

    def _prepare(self, corpus: Corpus, paths: Sequence[tuple[Path, str]]) -> SequenceData:
        where, chosen = corpus.source.file, self.settings
        files = [_read(content, *place) for content, place in zip(corpus.contents, paths, strict=True)]
        tokenised = [
            [self._row(cell, file.place, number) for number, cell in zip(file.numbers, file.cells, strict=True)]
            for file in files
        ]
        tokenised, name, read = part(tokenised, chosen.rows, corpus.source)
        longest = max(len(row) for file in tokenised for row in file)
        if longest < 2:
            raise BenchError(f"{where}: every line is one token; --set text.tokens=char splits every character")
        length = min(chosen.length, longest)
        sizes = [len(row) for file in tokenised for row in file]
        warnings = coarse.warnings(sizes, "text", length, LONGEST, chosen.tokens)
        tokenised, longer = text.cut(tokenised, length)
        divide = partial(text.divide, valid=chosen.valid, test=chosen.test, seed=chosen.seed, where=where)
        parts, notes = divide(tokenised)
        vocabulary = self._vocabulary([row for part in parts for row in part], where)
        if vocabulary.unknown is not None:
            parts, notes = divide(text.marked(tokenised, vocabulary), where=f"{where}, rare words as {text.UNKNOWN}")
        arrays = [text.encode(part, vocabulary, length) for part in parts]
        notes += (*read, f"{longer} lines cut to {length} tokens", text.unseen_note(arrays, vocabulary))
        notes += tuple(note for file in files for note in file.notes)
        if vocabulary.unknown is not None:
            notes += (text.unknown_note(arrays, vocabulary, chosen.min_count),)
        train, valid, held = arrays
        return SequenceData(train, valid, held, vocabulary, corpus.source, notes, warnings, name)

    def _row(self, cell: Cell, place: str, number: int) -> text.Row:
        """Return the tokens of a row; BenchError if a token of a list would be ambiguous in a line of text."""
        if isinstance(cell, str):
            return self.tokens(cell.strip())
        chars = self.settings.tokens == "char"
        odd = next((token for token in cell if (len(token) > 1 if chars else not token.strip())), None)
        if odd is not None:
            fault = "is not one character; set text.tokens=word" if chars else "is blank; set text.tokens=char"
            raise BenchError(f"{place} {number}: the list's token {odd!r:.40} {fault}")
        return cell

    def _vocabulary(self, rows: Sequence[text.Row], where: str) -> Vocabulary:
        least, joiner = self.settings.min_count, " " if self.settings.tokens == "word" else ""
        return text.build_vocabulary(rows, where, min_count=least, end=True, unknown=least > 1, joiner=joiner)


def _read(content: bytes, path: Path, column: str) -> Rows:
    """Return the rows that are not blank; BenchError if none is left."""
    found = filled(parse(content, path, column))
    if not found.cells:
        raise BenchError(f"{path} is empty: it needs at least {text.LEAST_ROWS} different lines")
    return found
