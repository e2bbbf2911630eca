"""Find what is strange about samples or a corpus, from plain arrays and texts. Each finding is a remark."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.dataset import Opened
from bench.contracts.knobs import choices
from bench.contracts.lengths import lengths
from bench.contracts.metric import Score
from bench.judging.remark import Remark

MOST = 0.5
"""The share of rows that counts as most rows."""
NOUGHT = 0.005
"""A score below it prints as 0."""
UNQUOTE = "--unquote takes them off"
"""The remedy for lines in quotation marks."""
QUOTES_OFF = "quotation marks around"
"""The beginning of the note on lines whose quotation marks were removed."""
REAL_AT_NOUGHT = "The real row scores BLEU-2 of 0, so BLEU cannot rank models here"
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "「": "」", "`": "`"}


def of_corpus(opened: Opened, owner: str) -> Iterator[Remark]:
    """Yield the remarks on a corpus that the user must see before any work. `owner` is the dataset's name for --set."""
    yield from (Remark(warning, loud=True) for warning in opened.data.warnings)
    share = unseen(opened.data)
    if share >= MOST:
        fact = f"{share:.0%} of the tokens of held-out rows never occur in training rows, so BLEU says little here"
        yield Remark(fact, _finer(opened, owner), loud=True)


def unseen(data: SequenceData) -> float:
    """Return the share of tokens of `valid`, before the end token, that no training row holds."""
    end = data.vocabulary.end
    tokens = data.valid[data.valid != end] if end is not None else data.valid.ravel()
    seen = np.zeros(len(data.vocabulary), np.bool_)
    seen[data.train] = True
    return float((~seen[tokens]).mean()) if len(tokens) else 0.0


def real_at_nought(scores: Mapping[str, Score], opened: Opened, owner: str) -> Remark | None:
    """Return the remark on a real row whose BLEU-2 is 0; None if it is above."""
    score = scores.get("bleu-2")
    if score is None or score.value is None or score.value >= NOUGHT:
        return None
    return Remark(REAL_AT_NOUGHT, _finer(opened, owner), loud=True)


def _finer(opened: Opened, owner: str) -> str:
    """Return advice on how to get tokens that recur: the dataset's knob for characters, if it has one."""
    fields = dataclasses.fields(type(opened.dataset).Settings)
    knob = next((field.name for field in fields if "char" in choices(type(opened.dataset).Settings, field.name)), None)
    if knob is None or not opened.data.vocabulary.joiner:
        return "check how the corpus is split into tokens"
    return f"--set {owner}.{knob}=char splits every character, which suits text without blanks between words"


def cut(number: int, total: int, data: SequenceData, owner: str, settings: Mapping[str, Any]) -> Remark | None:
    """Return the remark that most samples are longer than T and cut; None if the corpus's own warnings say it.

    `settings` are the dataset's knobs.
    """
    if number < MOST * total or data.warnings:
        return None
    remedy = "no row of the corpus is longer"
    if settings.get("length") == data.length:
        remedy = f"--set {owner}.length=N reads more of each, corpus and samples alike"
    return Remark(f"{number / total:.0%} of the rows are longer than {data.length} tokens and cut", remedy, loud=True)


def quoted(rows: Sequence[str | Sequence[str]], tokens: Sequence[Sequence[str]], data: SequenceData) -> Remark | None:
    """Return the remark that most lines stand in quotation marks; None if they do not, or the corpus's rows do too."""
    texts = [
        (row.strip(), split) for row, split in zip(rows, tokens, strict=True) if isinstance(row, str) and row.strip()
    ]
    marked = [split for row, split in texts if in_quotes(row)]
    if not marked or len(marked) < MOST * len(texts):
        return None
    first, _ = Counter(split[0] if split else "" for split in marked).most_common(1)[0]
    usual = (data.train[:, 0] == data.vocabulary.ids.get(first, -1)).mean()
    if usual >= MOST:
        return None
    fact = f"{len(marked)} of {len(texts)} lines stand in quotation marks, which count as tokens"
    return Remark(fact, UNQUOTE, loud=True)


def in_quotes(line: str) -> bool:
    """Return whether the line begins with a quotation mark and ends with the one that closes it."""
    return len(line) > 1 and _QUOTES.get(line[0]) == line[-1]


def padding(rows: Sequence[Sequence[int]], data: SequenceData) -> int | None:
    """Return the id that seems to pad rows of token ids to one length, at their ends or beginnings; None if none does.

    This is the case if all rows are equally long, and most of them begin or end with the id, at least half of these
    with two or more of it. The end token at the end is not padding, nor is an id that ends most training rows twice.
    """
    if len(rows) < 2 or len({len(row) for row in rows}) != 1 or len(rows[0]) < 3:
        return None
    ends = _repeated([(row[-1], row[-2]) for row in rows])
    if ends is not None and ends != data.vocabulary.end and _ending(data, ends) < MOST:
        return ends
    begins = _repeated([(row[0], row[1]) for row in rows])
    return begins if begins is not None and (data.train[:, :2] == begins).all(1).mean() < MOST else None


def _repeated(pairs: Sequence[tuple[int, int]]) -> int | None:
    """Return the id that most pairs begin with, and that at least half of these pairs hold twice."""
    (index, count), *_ = Counter(first for first, _ in pairs).most_common(1)
    twice = sum(pair == (index, index) for pair in pairs)
    return index if count >= MOST * len(pairs) and twice >= MOST * count else None


def _ending(data: SequenceData, index: int) -> float:
    """Return the share of training rows whose last two tokens before the end token are the id."""
    sizes = lengths(data.train, data.vocabulary.end)
    last, before = (
        np.take_along_axis(data.train, np.maximum(sizes - back, 0)[:, None], 1)[:, 0] == index for back in (1, 2)
    )
    return float((last & before & (sizes > 1)).mean())


def shifted(sequences: TokenArray, data: SequenceData, below: int) -> Remark | None:
    """Return the remark on ids that look like MIDI pitches: minus `below`, their mean is nearer to the corpus's."""
    corpus, found = data.train[data.train > 0], sequences[sequences > 0]
    if not len(found) or abs(found.mean() - below - corpus.mean()) >= abs(found.mean() - corpus.mean()):
        return None
    fact = (
        f"the mean id is {found.mean():.1f}, and {corpus.mean():.1f} in the corpus, whose ids are MIDI pitch - {below}"
    )
    return Remark(fact, "if these are MIDI pitches, give --format midi-numbers", loud=True)
