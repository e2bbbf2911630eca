"""Hold samples made elsewhere as an array, and fit rows of tokens to a dataset's shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.errors import BenchError
from bench.contracts.lengths import live
from bench.contracts.vocabulary import Vocabulary
from bench.judging.remark import Remark
from bench.toolkit.corpora.reading.rows import Rows

Format = Literal["text", "ids", "midi", "midi-numbers"]
Row = str | Sequence[str]
"""What a file holds for one sequence: a line of text, or a list of tokens."""
Token = TypeVar("Token", str, int)


class Cleaning(NamedTuple):
    """What to remove from the rows: special tokens, quotation marks around lines, a padding id."""

    drop_special: bool = False
    unquote: bool = False
    pad_id: int | None = None

    def chosen(self) -> tuple[tuple[str, Any], ...]:
        """Return the choices that differ from the default, by name."""
        return tuple(item for item in self._asdict().items() if item[1] is not None and item[1] is not False)


class Samples(NamedTuple):
    """The samples of a file as (n, T) `sequences`, with what is known about them.

    If the dataset has no `unknown` token, each different word outside its vocabulary gets a new id above the others,
    and `vocabulary` ends with these words. Such an id equals itself only, and no reference token. `outside` is the
    share of tokens that are not in the dataset's vocabulary; `strangers` tells how often each of them occurs. `notes`
    stand under tables too; `remarks` are for the terminal only. `cut` is the number of rows that were longer than T.
    `cleaned` holds the choices of `Cleaning` that changed the rows.
    """

    sequences: TokenArray
    vocabulary: Vocabulary
    outside: float
    notes: tuple[str, ...]
    format: Format
    remarks: tuple[Remark, ...] = ()
    strangers: Mapping[str, int] = {}
    cut: int = 0
    cleaned: tuple[tuple[str, Any], ...] = ()


class Line(NamedTuple, Generic[Token]):
    """The tokens of one row and its number in the file, from 1."""

    number: int
    tokens: Sequence[Token]


def numbered(tokens: Sequence[Sequence[Token]], rows: Rows, data: SequenceData, path: Path) -> list[Line[Token]]:
    """Return the tokens of each row with its number. Blank rows are left out unless sequences may be empty.

    BenchError if no row is left.
    """
    filled = [bool(row.strip() if isinstance(row, str) else row) for row in rows.cells]
    keep_all = data.vocabulary.end is not None
    all_lines = map(Line, rows.numbers, tokens)
    lines = [line for line, full in zip(all_lines, filled, strict=True) if full or keep_all]
    if not any(filled):
        raise BenchError(f"{path} is empty: one sequence a line is expected")
    return lines


def first(lines: list[Line[Token]], path: Path, count: int | None) -> list[Line[Token]]:
    """Return the first `count` lines, all by default; BenchError if there are fewer."""
    refuse_too_few(len(lines), path, count)
    return lines[:count]


def refuse_too_few(found: int, path: Path, count: int | None) -> None:
    """Raise BenchError if a file holds fewer sequences than the user asks for."""
    if count is not None and count > found:
        raise BenchError(f"{path} holds {found} sequences, --samples asks for {count}")


def fitted(lines: Iterable[Line[Token]], data: SequenceData, place: str) -> Iterable[Line[Token]]:
    """Return the lines cut to T tokens; BenchError for a shorter line if all sequences have T tokens."""
    for number, tokens in lines:
        if data.vocabulary.end is None and len(tokens) < data.length:
            raise BenchError(f"{place} {number}: {len(tokens)} tokens, every sequence here has {data.length}")
        yield Line(number, tokens[: data.length])


def blank(count: int, data: SequenceData) -> TokenArray:
    """Return an array (count, T) filled with the end token, or with 0 if there is none."""
    return np.full((count, data.length), data.vocabulary.end or 0, dtype=np.int64)


def closed(
    sequences: TokenArray, lines: Sequence[Line[Token]], data: SequenceData, form: Literal["text", "ids"]
) -> Samples:
    """Return the samples, with each row filled up with end tokens after its first, and notes on cut or empty rows."""
    end = data.vocabulary.end
    if end is not None:
        sequences = np.where(live(sequences, end), sequences, end)
    cut = sum(len(line.tokens) > data.length for line in lines)
    empty = 0 if end is None else int((sequences[:, 0] == end).sum())
    counts = ((cut, f"longer than {data.length} tokens and cut"), (empty, "empty, judged as empty sequences"))
    notes = tuple(f"{number} of {len(lines)} lines {what}" for number, what in counts if number)
    return Samples(sequences, data.vocabulary, 0.0, notes, form, cut=cut)
