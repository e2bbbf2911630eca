"""What the raters said, checked against the key before anything is scored."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.errors import BenchError
from bench.human.sheet import Sheet


@dataclass(frozen=True, eq=False)
class Answers:
    """(raters, items) bool, items in the order of the sheet: true where the rater took the text for real."""

    raters: tuple[str, ...]
    judged_real: NDArray[np.bool_]


class Answer(NamedTuple):
    """One row of a file, and where it stood."""

    rater: str
    item: str
    value: str
    place: str


def read_answers(paths: Sequence[Path], sheet: Sheet) -> Answers:
    """Every rater's answer to every item, from CSV files of the page or of the filled-in sheet, in any mixture.

    BenchError, naming file and line, for an unknown or repeated item, an answer other than real or machine, the seal
    of another sheet, and a rater who left items out. A blank rater is named after the file.
    """
    given: dict[tuple[str, str], Answer] = {}
    for answer in (answer for path in paths for answer in _rows(path, sheet.seal)):
        _check(answer, sheet, given)
        given[answer.rater, answer.item] = answer
    raters = tuple(dict.fromkeys(rater for rater, _ in given))
    if not raters:
        raise BenchError("no answers in the files given: each row of a rater's CSV is one answer")
    for rater in raters:
        _check_complete(rater, [item.id for item in sheet.items if (rater, item.id) not in given], len(sheet.items))
    judged = [[given[rater, item.id].value == "real" for item in sheet.items] for rater in raters]
    return Answers(raters, np.array(judged))


def _rows(path: Path, seal: str) -> Iterator[Answer]:
    text = _text(path)
    delimiter = next((mark for mark in ",;\t" if mark in text.partition("\n")[0]), ",")
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval="")
    columns = {name.strip().lower(): name for name in reader.fieldnames or ()}
    absent = [name for name in ("item", "answer", "rater", "seal") if name not in columns]
    if absent:
        raise BenchError(f"{path}: no column {absent[0]!r}; the columns needed are item, answer, rater and seal")
    for row in reader:
        item, value, rater, found = (row[columns[name]].strip() for name in ("item", "answer", "rater", "seal"))
        if not value:
            continue  # left open: counted as missing below
        place = f"{path}, line {reader.line_num}"
        if found.lower() != seal:
            raise BenchError(
                f"{place}: seal {found[:16] or 'missing'} is of another sheet; this key's is {seal[:16]}..."
            )
        yield Answer(rater or path.stem, item.lower(), value.lower(), place)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BenchError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BenchError(f"{path}: not UTF-8; save it again as CSV UTF-8") from None


def _check(answer: Answer, sheet: Sheet, given: dict[tuple[str, str], Answer]) -> None:
    if answer.item not in {item.id for item in sheet.items}:
        raise BenchError(f"{answer.place}: unknown item {answer.item!r}; it is not on this sheet")
    if answer.value not in ("real", "machine"):
        raise BenchError(f"{answer.place}: answer {answer.value!r} to item {answer.item}; write real or machine")
    if earlier := given.get((answer.rater, answer.item)):
        raise BenchError(
            f"{answer.place}: {answer.rater} has judged item {answer.item} already ({earlier.place}); "
            "leave one out, or name the raters apart"
        )


def _check_complete(rater: str, missing: Sequence[str], total: int) -> None:
    if missing:
        names = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        raise BenchError(
            f"{rater} has left {len(missing)} of {total} items unjudged: {names}; every rater judges them all"
        )
