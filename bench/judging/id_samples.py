"""Read samples that are numbers: token ids of the dataset's vocabulary, or MIDI pitches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from bench.contracts.dataset import Opened, Pitched
from bench.contracts.errors import BenchError
from bench.judging import strange
from bench.judging.remark import Remark
from bench.judging.samples import Line, Row, Samples, blank, closed, first, fitted, numbered
from bench.toolkit.corpora.reading.rows import Rows

_SEPARATORS = str.maketrans(dict.fromkeys("[](),;", " "))


def from_ids(
    rows: Rows,
    form: Literal["ids", "midi-numbers"],
    opened: Opened,
    path: Path,
    count: int | None,
    pad_id: int | None,
) -> Samples:
    """Return the first `count` rows as samples. A BenchError names the line of a number that is not an id."""
    data, notes = opened.data, tuple[str, ...]()
    lines = [
        _whole_numbers(line, rows.place) for line in numbered([_split(row) for row in rows.cells], rows, data, path)
    ]
    guess = None
    if pad_id is None:
        guess = strange.padding([line.tokens for line in lines], data)
    else:
        whole = lines
        lines = [line._replace(tokens=_without(line.tokens, pad_id)) for line in whole]
        shorter = sum(len(a.tokens) < len(b.tokens) for a, b in zip(lines, whole, strict=True))
        notes = (f"padding id {pad_id} taken off {shorter} of {len(lines)} rows",)
    if form == "midi-numbers":
        if not isinstance(opened.dataset, Pitched):
            raise BenchError(f"{path}: --format midi-numbers is for music, and this dataset is not music")
        lines = _from_pitches(lines, opened.dataset.below, len(data.vocabulary), rows.place)
    samples = _checked(first(lines, path, count), opened, rows.place, guess)
    remarks = _remarks(samples, opened, guess, form)
    return samples._replace(format=form, notes=(*notes, *samples.notes), remarks=tuple(remarks))


def is_number(token: str) -> bool:
    """Return whether the token is a whole number that fits into 64 bits."""
    return token.isascii() and token.removeprefix("-").isdigit() and len(token) < 19


def _split(row: Row) -> Sequence[str]:
    """Return the numbers of a row, which may have spaces, commas, semicolons or brackets between them."""
    return row.translate(_SEPARATORS).split() if isinstance(row, str) else row


def _whole_numbers(line: Line[str], place: str) -> Line[int]:
    wrong = next((token for token in line.tokens if not is_number(token)), None)
    if wrong is not None:
        raise BenchError(f"{place} {line.number}: {wrong[:40]!r} is not a token id")
    return Line(line.number, [int(token) for token in line.tokens])


def _without(row: Sequence[int], pad_id: int) -> Sequence[int]:
    """Return the row without the padding ids at its beginning and end."""
    inside = [place for place, index in enumerate(row) if index != pad_id]
    return row[inside[0] : inside[-1] + 1] if inside else []


def _from_pitches(lines: Sequence[Line[int]], below: int, words: int, place: str) -> list[Line[int]]:
    """Return the ids of MIDI pitches; 0 stays a rest."""
    lowest, highest = below + 1, below + words - 1
    for number, pitches in lines:
        wrong = next((pitch for pitch in pitches if pitch != 0 and not lowest <= pitch <= highest), None)
        if wrong is not None:
            raise BenchError(f"{place} {number}: {wrong} is neither a MIDI pitch, {lowest}..{highest}, nor a rest, 0")
    return [line._replace(tokens=[pitch and pitch - below for pitch in line.tokens]) for line in lines]


def _checked(lines: Sequence[Line[int]], opened: Opened, place: str, guess: int | None) -> Samples:
    data = opened.data
    sequences, size = blank(len(lines), data), len(data.vocabulary)
    for row, (number, tokens) in zip(sequences, fitted(lines, data, place), strict=True):
        wrong = next((index for index in tokens if not 0 <= index < size), None)
        if wrong is not None:
            raise BenchError(
                f"{place} {number}: token id {wrong} is outside the vocabulary 0..{size - 1}"
                + _why_outside(wrong, lines, opened, guess)
            )
        row[: len(tokens)] = tokens
    return closed(sequences, lines, data, "ids")


def _why_outside(wrong: int, lines: Sequence[Line[int]], opened: Opened, guess: int | None) -> str:
    """Return advice on an id outside the vocabulary; "" if its cause is unknown."""
    if wrong == guess:
        return f"; it begins or ends most rows: if it is padding, give --pad-id {wrong}"
    if isinstance(opened.dataset, Pitched):
        below, every = opened.dataset.below, {index for line in lines for index in line.tokens} - {0}
        if min(every) > below and max(every) < below + len(opened.data.vocabulary):
            return f"; the ids here are MIDI pitch - {below}: if these are MIDI pitches, give --format midi-numbers"
    return ""


def _remarks(samples: Samples, opened: Opened, guess: int | None, form: str) -> Iterator[Remark]:
    if guess is not None:
        fact = f"id {guess} begins or ends most rows, and all rows are equally long"
        yield Remark(fact, f"if it is padding, --pad-id {guess} takes it off", loud=True)
    if form == "ids" and isinstance(opened.dataset, Pitched):
        below = opened.dataset.below
        fact = f"the ids are MIDI pitch - {below}, and 0 is a rest"
        plain = Remark(fact, "--format midi-numbers reads MIDI pitches")
        yield strange.shifted(samples.sequences, opened.data, below) or plain
