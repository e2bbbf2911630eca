"""Read samples that are text: clean them as the user asks, tokenise as the dataset does, encode with its vocabulary."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.contracts.data import SequenceData
from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.judging import specials, strange
from bench.judging.outside import commonest, framing, outside
from bench.judging.samples import Cleaning, Line, Row, Samples, blank, closed, first, fitted, numbered
from bench.judging.tokenise import Tokenised, tokenise
from bench.toolkit.corpora.reading.cells import Cell
from bench.toolkit.corpora.reading.rows import Rows


def from_text(
    rows: Rows, opened: Opened, path: Path, strict: str | None, count: int | None, cleaning: Cleaning
) -> Samples:
    """Return the first `count` rows as samples. A BenchError names the line of a word that `strict` cannot judge."""
    data, notes = opened.data, list[str]()
    if cleaning.unquote:
        notes.append(f"{strange.QUOTES_OFF} {sum(map(_in_quotes, rows.cells))} of {len(rows.cells)} lines taken off")
        rows = rows._replace(cells=[_unquoted(row) for row in rows.cells])
    tokenised = tokenise(rows.cells, opened)
    found = tokenised.rows
    if cleaning.drop_special:
        found, note = _dropped(tokenised)
        notes.append(note)
    lines = first(numbered(found, rows, data, path), path, count)
    samples = _encoded(lines, data, rows.place, strict)
    total = sum(min(len(line.tokens), data.length) for line in lines)
    quoted = None if cleaning.unquote else strange.quoted(rows.cells, tokenised.rows, data)
    special = None if cleaning.drop_special else framing(tokenised.special)
    remarks = (quoted, special, outside(samples.strangers, total, data.vocabulary))
    return samples._replace(
        notes=(*notes, *tokenised.notes, *samples.notes), remarks=tuple(remark for remark in remarks if remark)
    )


def _in_quotes(row: Row) -> bool:
    return isinstance(row, str) and strange.in_quotes(row.strip())


def _unquoted(row: Cell) -> Cell:
    """Return the line without the quotation marks around it. A line that is a JSON string is decoded."""
    if not isinstance(row, str) or not _in_quotes(row):
        return row
    try:
        found = json.loads(row)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, str) else row.strip()[1:-1]


def _dropped(tokenised: Tokenised) -> tuple[list[Sequence[str]], str]:
    """Return the rows without special tokens, and a note that names these."""
    parts = [specials.drop(row, tokenised.special) for row in tokenised.rows]
    counts = sum((part.counts for part in parts), Counter[str]())
    after = sum(part.after for part in parts)
    note = f"special tokens dropped: {commonest(counts) if counts else 'none found'}"
    note += f"; words after an end token dropped: {after}" if after else ""
    return [part.tokens for part in parts], note


def _encoded(lines: Sequence[Line[str]], data: SequenceData, place: str, strict: str | None) -> Samples:
    """Return the words as ids. A word outside the vocabulary gets the unknown token's id, or else an id of its own."""
    words, extra, strangers = data.vocabulary, dict[str, int](), Counter[str]()
    ids = words.ids
    sequences = blank(len(lines), data)
    total = 0
    for row, (number, tokens) in zip(sequences, fitted(lines, data, place), strict=True):
        for position, token in enumerate(tokens):
            index = ids.get(token, words.unknown)
            if index is None:
                if strict:
                    raise BenchError(
                        f"{place} {number}: {token!r} is not in the vocabulary, and {strict} is defined on its "
                        f"{len(words)} tokens alone"
                    )
                index = extra.setdefault(token, len(words) + len(extra))
            row[position] = index
            if index >= len(words) or index == words.unknown:
                strangers[token] += 1
        total += len(tokens)
    return closed(sequences, lines, data, "text")._replace(
        vocabulary=replace(words, tokens=(*words.tokens, *extra)),
        outside=sum(strangers.values()) / max(1, total),
        strangers=strangers,
    )
