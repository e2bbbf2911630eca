"""Prepare rows made elsewhere, text or token ids, as the dataset's corpus was prepared."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Literal

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.vocabulary import Vocabulary
from bench.judging.id_samples import from_ids, is_number
from bench.judging.remark import Remark
from bench.judging.samples import Cleaning, Row, Samples
from bench.judging.text_samples import from_text
from bench.toolkit.corpora.reading.rows import Rows

LOOKED_AT = 20  # rows that are not empty, read to tell ids from text
NO_CLEANING = Cleaning()


def prepare(
    rows: Rows,
    form: Literal["auto", "text", "ids", "midi-numbers"],
    opened: Opened,
    path: Path,
    strict: str | None = None,
    count: int | None = None,
    cleaning: Cleaning = NO_CLEANING,
) -> Samples:
    """Return the first `count` samples among the rows (all by default), encoded as the dataset encodes its own.

    `strict` names a metric that is defined on the vocabulary only; it makes a word outside an error. A BenchError
    names the file, and the line if a row is wrong.
    """
    words = opened.data.vocabulary
    taken_as_ids = form == "auto" and _looks_like_ids(rows.cells, words)
    if form == "text" or (form == "auto" and not taken_as_ids):
        if cleaning.pad_id is not None:
            raise BenchError("--pad-id is for token ids, and these samples are text: give --drop-special instead")
        samples = from_text(rows, opened, path, strict, count, cleaning)
    else:
        if cleaning.drop_special or cleaning.unquote:
            option = "--drop-special" if cleaning.drop_special else "--unquote"
            raise BenchError(f"{option} is for text, and these samples are numbers: --pad-id N removes a padding id")
        samples = from_ids(rows, "ids" if form == "auto" else form, opened, path, count, cleaning.pad_id)
    remarks = ((_read_as_ids(words),) if taken_as_ids else ()) + samples.remarks
    notes = (*rows.notes, *samples.notes)
    return samples._replace(cleaned=cleaning.chosen(), notes=notes, remarks=remarks)


def _read_as_ids(words: Vocabulary) -> Remark:
    fact = f"the numbers are read as token ids 0..{len(words) - 1}"
    return Remark(fact, "--format text reads them as words, `bench data vocabulary` writes the token of each id")


def _looks_like_ids(rows: Sequence[Row], words: Vocabulary) -> bool:
    """Return whether the first rows hold only whole numbers, most of which are not words of the vocabulary."""
    split = (row.split() if isinstance(row, str) else row for row in rows)
    seen = [token for tokens in islice(filter(None, split), LOOKED_AT) for token in tokens]
    return all(map(is_number, seen)) and 2 * sum(token in words.ids for token in seen) <= len(seen)
