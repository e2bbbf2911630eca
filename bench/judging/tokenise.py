"""Split rows made elsewhere into tokens, by the rule that split the dataset's own corpus."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from bench.contracts.data import SequenceData
from bench.contracts.dataset import Opened, Tokenising
from bench.contracts.vocabulary import Vocabulary
from bench.judging import specials
from bench.judging.samples import Row

Rule = Callable[[str], Sequence[str]]
BLANK = " "
FRAMED = 0.1
"""A word in capitals, such as EOS, counts as a special token if the rows hold this many of it on average."""


class Tokenised(NamedTuple):
    """The tokens of each row, the counts of special tokens that the corpus does not hold, and notes for tables."""

    rows: list[Sequence[str]]
    special: Counter[str]
    notes: tuple[str, ...]


def tokenise(rows: Sequence[Row], opened: Opened) -> Tokenised:
    """Return the tokens of every row, split as the dataset splits its own lines.

    A line is stripped, as a corpus's lines are. A special token of another program stays in one piece. A list of tokens
    stays as it is, except for tokens outside the vocabulary, which the dataset's own rule splits.
    """
    words, rule = opened.data.vocabulary, _rule(opened)
    found = Counter(mark for row in rows for mark in _marks(row))
    often = (mark for mark, n in found.items() if not specials.is_bare(mark) or n >= FRAMED * len(rows))
    special = Counter({mark: found[mark] for mark in often if not _of_the_corpus(mark, opened.data, rule)})
    whole = _Whole(special, words)
    lines = [row.strip() if isinstance(row, str) else row for row in rows]
    if words.joiner:
        split, notes = _words(lines, opened, whole, rule)
    else:
        split, notes = _characters(lines, opened.data, whole, rule)
    return Tokenised(split, special, notes)


def _rule(opened: Opened) -> Rule:
    """Return the dataset's own rule; if it has none, words or characters, as its vocabulary joins tokens."""
    if isinstance(opened.dataset, Tokenising):
        return opened.dataset.tokens
    return str.split if opened.data.vocabulary.joiner else lambda line: "".join(line.split())


def _marks(row: Row) -> Iterable[str]:
    if isinstance(row, str):
        return specials.find(row)
    return (token for token in row if specials.kind_of(token))


def _of_the_corpus(mark: str, data: SequenceData, rule: Rule) -> bool:
    """Return whether the corpus holds the special token: as a token, as part of a token, or as several in a row."""
    ids = data.vocabulary.ids
    if any(mark in token for token in ids):
        return True
    tokens = rule(mark)
    return bool(tokens) and all(token in ids for token in tokens) and _occurs([ids[t] for t in tokens], data)


def _occurs(run: Sequence[int], data: SequenceData) -> bool:
    """Return whether any row of the dataset holds these ids in this order."""
    if len(run) > data.length:
        return False
    splits = (
        np.lib.stride_tricks.sliding_window_view(part, len(run), 1) for part in (data.train, data.valid, data.test)
    )
    return any(bool((windows == np.asarray(run)).all(-1).any()) for windows in splits)


class _Whole:
    """Splits a line at tokens that must stay in one piece; a rule splits the rest."""

    def __init__(self, special: Collection[str], words: Vocabulary) -> None:
        self._special, self.ids = special, words.ids
        own = [words.tokens[index] for index in (words.unknown, words.end) if index is not None]
        every = sorted({*special, *own}, key=len, reverse=True)
        self._pattern = re.compile(f"({'|'.join(map(re.escape, every))})") if every else None

    def tokens(self, row: Row, rule: Rule) -> Sequence[str]:
        """Return the row's tokens."""
        if not isinstance(row, str):
            return [token for part in row for token in ([part] if self._stays(part) else rule(part))]
        if self._pattern is None:
            return rule(row)
        pieces = self._pattern.split(row)  # text and tokens alternate
        for at in range(1, len(pieces), 2):
            if pieces[at] in self._special:  # drop the blanks around the token
                pieces[at - 1], pieces[at + 1] = pieces[at - 1].rstrip(), pieces[at + 1].lstrip()
        return [t for at, piece in enumerate(pieces) for t in ([piece] if at % 2 else rule(piece) if piece else ())]

    def _stays(self, token: str) -> bool:
        return token in self.ids or token in self._special


def _words(
    lines: Sequence[Row], opened: Opened, whole: _Whole, rule: Rule
) -> tuple[list[Sequence[str]], tuple[str, ...]]:
    """Split by the dataset's own rule, or at blanks if that gives at least as many words of the vocabulary.

    A run's samples.txt holds words that are split already, and a tokeniser may split its own output further. The choice
    is made once for all lines.
    """
    plain = [whole.tokens(line, str.split) for line in lines]
    if not isinstance(opened.dataset, Tokenising):
        return plain, ()
    own = [whole.tokens(line, rule) for line in lines]
    if _misses(own, opened.data) < _misses(plain, opened.data):
        return own, ()
    length = opened.data.length
    unlike = sum(list(a[:length]) != list(b[:length]) for a, b in zip(plain, own, strict=True))
    fact = (
        f"read as words that are split already: the dataset's own tokeniser would split {unlike} of {len(lines)} rows"
    )
    return plain, (f"{fact} otherwise",) if unlike else ()


def _misses(rows: Iterable[Sequence[str]], data: SequenceData) -> int:
    """Return the number of tokens outside the vocabulary, plus positions left empty if every sequence has T tokens."""
    words, length = data.vocabulary, data.length
    ids = words.ids
    least = length if words.end is None else 0
    return sum(sum(t not in ids for t in row[:length]) + max(0, least - len(row)) for row in rows)


def _characters(
    lines: Sequence[Row], data: SequenceData, whole: _Whole, rule: Rule
) -> tuple[list[Sequence[str]], tuple[str, ...]]:
    """Return every character, without blanks that only separate the characters."""
    words = data.vocabulary
    split = [whole.tokens(line, rule) for line in lines]
    texts = [row for row, line in zip(split, lines, strict=True) if isinstance(line, str)]
    if BLANK not in words.ids:
        # If the vocabulary has an unknown token, a few blanks of the corpus may have become unknown.
        return _without_blanks(split, words) if words.unknown is None or _spaced(texts) else (split, ())
    if not _spaced(texts) or _spaced([words.decode(row) for row in data.train[:1000].tolist()]):
        return split, ()
    fact = "every second character is a blank, unlike in the corpus: these blanks are left out"
    return [row[::2] if _is_spaced(row) else row for row in split], (fact,)


def _without_blanks(rows: Sequence[Sequence[str]], words: Vocabulary) -> tuple[list[Sequence[str]], tuple[str, ...]]:
    """Return the rows without the kinds of blank that the vocabulary lacks, and a note with their number."""
    strange = {token for row in rows for token in row if token.isspace() and token not in words.ids}
    count = sum(token in strange for row in rows for token in row)
    kept: list[Sequence[str]] = [[token for token in row if token not in strange] for row in rows]
    return kept, (f"{count} blanks between characters left out: the vocabulary has none",) if count else ()


def _spaced(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether nine tenths of the rows have a blank at every second position."""
    return sum(map(_is_spaced, rows)) >= 0.9 * max(1, len(rows))


def _is_spaced(row: Sequence[str]) -> bool:
    return len(row) > 2 and set(row[1::2]) == {BLANK}
