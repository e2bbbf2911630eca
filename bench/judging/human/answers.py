"""Read the raters' answers and check them against the key, before anything is scored."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.contracts.errors import BenchError
from bench.files import read_text
from bench.judging.human.sheet import Sheet


@dataclass(frozen=True, eq=False)
class Answers:
    """(raters, items) bool, items in the order of the sheet: True if the rater took the text for real."""

    raters: tuple[str, ...]
    judged_real: NDArray[np.bool_]


class Answer(NamedTuple):
    """One row of a file, and its place there."""

    rater: str
    item: str
    value: str
    place: str


def read_answers(paths: Sequence[Path], sheet: Sheet) -> Answers:
    """Return every rater's answer to every item. The files are CSV, saved by the page or filled in by hand.

    A BenchError names file and line of an unknown or repeated item, an answer other than real or machine, the seal of
    another sheet, or a rater who left items out. A rater without a name is named after the file.
    """
    rows = [answer for path in paths for answer in _rows(path, sheet.seal)]
    given: dict[tuple[str, str], Answer] = {}
    for answer in rows:
        if answer.value:
            _check(answer, sheet, given)
            given[answer.rater, answer.item] = answer
    raters = tuple(dict.fromkeys(answer.rater for answer in rows))
    if not given:
        raise BenchError("no answers in the files given: each row of a rater's CSV is one answer")
    for rater in raters:
        _check_complete(rater, [item.id for item in sheet.items if (rater, item.id) not in given], len(sheet.items))
    judged = [[given[rater, item.id].value == "real" for item in sheet.items] for rater in raters]
    return Answers(raters, np.array(judged))


def _rows(path: Path, seal: str) -> Iterator[Answer]:
    lines = _lines(path)
    columns = {name.strip().lower(): place for place, name in enumerate(lines[0][1])} if lines else {}
    for name in ("item", "answer", "rater", "seal"):
        if name not in columns:
            raise BenchError(f"{path}: no column {name!r}; the file needs the columns item, answer, rater and seal")
    for number, cells in lines[1:]:
        row = {name: cells[place].strip() if place < len(cells) else "" for name, place in columns.items()}
        if not row["answer"] and not row["item"]:
            continue  # an empty line
        place = f"{path}, line {number}"
        if row["answer"] and row["seal"].lower() != seal:
            found = row["seal"][:16] or "missing"
            raise BenchError(f"{place}: seal {found} is of another sheet; this key's is {seal[:16]}...")
        yield Answer(row["rater"] or path.stem, row["item"].lower(), row["answer"].lower(), place)


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Return the number and the cells of every line, divided by the comma, semicolon or tab that the header has."""
    text = read_text(path, remedy="save it again as CSV UTF-8")
    delimiter = next((mark for mark in ",;\t" if mark in text.partition("\n")[0]), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise BenchError(f"{path}, line {reader.line_num}: not a CSV file ({error})") from None


def _check(answer: Answer, sheet: Sheet, given: dict[tuple[str, str], Answer]) -> None:
    if answer.item not in {item.id for item in sheet.items}:
        raise BenchError(f"{answer.place}: unknown item {answer.item!r}; it is not on this sheet")
    if answer.value not in ("real", "machine"):
        raise BenchError(f"{answer.place}: answer {answer.value!r} to item {answer.item}; write real or machine")
    if earlier := given.get((answer.rater, answer.item)):
        raise BenchError(
            f"{answer.place}: {answer.rater} has judged item {answer.item} already ({earlier.place}); "
            "leave one out, or give the raters different names"
        )


def _check_complete(rater: str, missing: Sequence[str], total: int) -> None:
    if missing:
        names = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        raise BenchError(
            f"{rater} has left {len(missing)} of {total} items unjudged: {names}; every rater judges them all"
        )
