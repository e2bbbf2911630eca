"""Samples made elsewhere: text, token ids or tunes, as the rows of token ids that the metrics judge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from bench.corpora import archive
from bench.corpora.reading.cells import Cell
from bench.corpora.reading.rows import Rows, read_rows
from bench.data import SequenceData, TokenArray
from bench.dataset import Opened, Playable
from bench.errors import BenchError
from bench.files import read_bytes
from bench.sequences import live
from bench.tokenising import tokeniser
from bench.vocabulary import Vocabulary

Format = Literal["text", "ids", "midi"]
TUNES = (".zip", ".mid", ".midi")
LOOKED_AT = 20  # lines that are not empty, read to tell ids from text
_SEPARATORS = str.maketrans(dict.fromkeys("[](),;", " "))


class Samples(NamedTuple):
    """What a file holds, judged as (n, T) `sequences`.

    Where the dataset has no `unknown` token, every different word outside its vocabulary gets an id of its own above
    it, and `vocabulary` is lengthened by these words: such an id equals no reference token, and itself only.
    `outside` is the share of tokens not in the dataset's vocabulary.
    """

    sequences: TokenArray
    vocabulary: Vocabulary
    outside: float
    notes: tuple[str, ...]
    format: Format


class Line(NamedTuple):
    """The tokens of one line or row, and its number in the file, from 1."""

    number: int
    tokens: Sequence[str]


def read(path: Path, form: Literal["auto"] | Format, opened: Opened, strict: str | None, count: int | None) -> Samples:
    """The first `count` samples of a file or of `FILE#column` (default: all), encoded as the dataset encodes its own.

    `strict` names a metric that is defined on the vocabulary alone; with it a word outside is an error. BenchError
    names the file, and the line where there is one.
    """
    data = opened.data
    if form == "midi" or (form == "auto" and (path.is_dir() or path.suffix.lower() in TUNES)):
        samples = _tunes(path, opened)
        _refuse_too_few(len(samples.sequences), path, count)
        return samples._replace(sequences=samples.sequences[:count])
    rows = _rows(path)
    if form == "auto":
        form = "ids" if _looks_like_ids(rows.cells, data.vocabulary) else "text"
    split = _id_tokens if form == "ids" else tokeniser(opened)
    numbered = [
        Line(number, split(cell) if isinstance(cell, str) else cell)
        for number, cell in zip(rows.numbers, rows.cells, strict=True)
    ]
    if data.vocabulary.end is None:
        numbered = [line for line in numbered if line.tokens]
    if not numbered:
        raise BenchError(f"{path} is empty: one sequence a line is expected")
    _refuse_too_few(len(numbered), path, count)
    numbered = numbered[:count]
    found = _from_ids(numbered, data, rows) if form == "ids" else _from_text(numbered, data, rows, strict)
    return found._replace(notes=(*rows.notes, *found.notes))


def _id_tokens(line: str) -> list[str]:
    """Numbers with spaces, commas, semicolons or brackets between them."""
    return line.translate(_SEPARATORS).split()


def _from_text(lines: Sequence[Line], data: SequenceData, rows: Rows, strict: str | None) -> Samples:
    words, extra = data.vocabulary, dict[str, int]()
    ids = words.ids
    sequences = _blank(len(lines), data)
    outside = total = 0
    for row, (number, tokens) in zip(sequences, _fitted(lines, data, rows), strict=True):
        for position, token in enumerate(tokens):
            index = ids.get(token, words.unknown)
            if index is None:
                if strict:
                    raise BenchError(
                        f"{rows.place} {number}: {token!r} is not in the vocabulary, and {strict} is defined on its "
                        f"{len(words)} tokens alone"
                    )
                index = extra.setdefault(token, len(words) + len(extra))
            row[position] = index
            outside += index >= len(words) or index == words.unknown
        total += len(tokens)
    longer = replace(words, tokens=(*words.tokens, *extra))
    return Samples(_closed(sequences, words.end), longer, outside / max(1, total), _notes(lines, data), "text")


def _from_ids(lines: Sequence[Line], data: SequenceData, rows: Rows) -> Samples:
    words = data.vocabulary
    sequences = _blank(len(lines), data)
    for row, (number, tokens) in zip(sequences, _fitted(lines, data, rows), strict=True):
        try:
            row[: len(tokens)] = [int(token) for token in tokens]
        except (ValueError, OverflowError):
            wrong = next(token for token in tokens if not _is_number(token))
            raise BenchError(f"{rows.place} {number}: {wrong[:40]!r} is no token id") from None
        if not 0 <= row.min() <= row.max() < len(words):
            outside = next(index for index in row.tolist() if not 0 <= index < len(words))
            raise BenchError(f"{rows.place} {number}: token id {outside} is outside the vocabulary 0..{len(words) - 1}")
    return Samples(_closed(sequences, words.end), words, 0.0, _notes(lines, data), "ids")


def _tunes(path: Path, opened: Opened) -> Samples:
    """Every window of every tune, by the dataset's own rule."""
    if not isinstance(opened.dataset, Playable):
        raise BenchError(f"{path}: MIDI files are judged on music only, and this dataset is none; give text or ids")
    tunes = [opened.dataset.from_midi(content, name) for name, content in _midi_files(path)]
    if not any(tunes):
        raise BenchError(f"{path} holds no tune of {opened.data.length} steps: give .mid files, a folder or a zip")
    short = sum(not windows for windows in tunes)
    notes = (f"{short} of {len(tunes)} tunes shorter than {opened.data.length} steps, left out",) if short else ()
    sequences = np.array([window for windows in tunes for window in windows], dtype=np.int64)
    return Samples(sequences, opened.data.vocabulary, 0.0, notes, "midi")


def _midi_files(path: Path) -> Iterable[tuple[str, bytes]]:
    """Name and bytes of each MIDI file, by name."""
    if path.suffix.lower() == ".zip":
        return archive.members(read_bytes(path), str(path), ".mid")
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in TUNES[1:]) if path.is_dir() else [path]
    return ((str(file), read_bytes(file)) for file in files)


def _refuse_too_few(found: int, path: Path, count: int | None) -> None:
    if count is not None and count > found:
        raise BenchError(f"{path} holds {found} sequences, --samples asks for {count}")


def _fitted(lines: Iterable[Line], data: SequenceData, rows: Rows) -> Iterable[Line]:
    """Lines cut to T tokens; where all sequences have T, a shorter line is an error."""
    for number, tokens in lines:
        if data.vocabulary.end is None and len(tokens) < data.length:
            raise BenchError(f"{rows.place} {number}: {len(tokens)} tokens, every sequence here has {data.length}")
        yield Line(number, tokens[: data.length])


def _blank(count: int, data: SequenceData) -> TokenArray:
    return np.full((count, data.length), data.vocabulary.end or 0, dtype=np.int64)


def _closed(sequences: TokenArray, end: int | None) -> TokenArray:
    """What follows the first end token is end tokens."""
    return sequences if end is None else np.where(live(sequences, end), sequences, end)


def _notes(lines: Sequence[Line], data: SequenceData) -> tuple[str, ...]:
    cut = sum(len(line.tokens) > data.length for line in lines)
    empty = sum(not line.tokens for line in lines)
    facts = ((cut, f"longer than {data.length} tokens and cut"), (empty, "empty, judged as empty sequences"))
    return tuple(f"{number} of {len(lines)} lines {fact}" for number, fact in facts if number)


def _rows(path: Path) -> Rows:
    """The lines of a text file or the cells of a column, empty ones too; BenchError where all are."""
    rows = read_rows(str(path))
    if not any(cell.strip() if isinstance(cell, str) else cell for cell in rows.cells):
        raise BenchError(f"{path} is empty: one sequence a line is expected")
    return rows


def _looks_like_ids(cells: Iterable[Cell], words: Vocabulary) -> bool:
    """Whether the first cells hold whole numbers only, most of which are no words of the vocabulary themselves."""
    tokenised = (cell.split() if isinstance(cell, str) else cell for cell in cells)
    filled = islice(filter(None, tokenised), LOOKED_AT)
    seen = [token for tokens in filled for token in tokens]
    return all(map(_is_number, seen)) and 2 * sum(token in words.ids for token in seen) <= len(seen)


def _is_number(token: str) -> bool:
    return token.isascii() and token.removeprefix("-").isdigit() and len(token) < 19
