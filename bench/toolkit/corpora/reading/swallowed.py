"""Tell whether a quotation mark that opens a cell swallows the rows after it."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from bench.toolkit.corpora.reading.layout import Layout, LongRow

MOST_DOUBTFUL = 2  # further lines of all rows that may look like rows, if no column of numbers tells rows


def first_swallowing(layout: Layout, long: Sequence[LongRow]) -> LongRow | None:
    """Return the first row over several lines whose further lines look like rows; None if there is none.

    A line looks like a row if it has as many cells as the first row, and a whole number in each column that has one in
    every row of one line. If there is no such column, every line of the file must have as many cells.
    """
    if not long or layout.width < 2:
        return None
    numbers = _number_columns(layout, long)
    if not numbers:
        further = sum(row.end - row.start - 1 for row in long)
        return long[0] if further > MOST_DOUBTFUL and layout.is_even else None
    return next((row for row in long if _swallows(row, layout, numbers)), None)


def _swallows(row: LongRow, layout: Layout, numbers: set[int]) -> bool:
    """Return whether the lines after the first look like rows.

    The last line ends the cell, and the text after the cell belongs to the row in either case. So only the numbers
    before the cell count there. If it is the only further line, they must continue the numbering.
    """
    further = layout.lines[row.start + 1 : row.end]
    if not all(_is_alike(line, layout, numbers) for line in further):
        return False
    before = {at for at in numbers if at < row.column}
    return len(further) > 1 or any(
        _number(layout.lines[row.start], at, layout) + 1 == _number(further[0], at, layout) for at in before
    )


def _is_alike(line: str, layout: Layout, numbers: set[int]) -> bool:
    cells = line.split(layout.delimiter)
    return len(cells) == layout.width and all(_is_number(cells[at]) for at in numbers)


def _number_columns(layout: Layout, long: Sequence[LongRow]) -> set[int]:
    """Return the columns that hold a whole number in every row of one line."""
    taken = {number for row in long for number in range(row.start, row.end)}
    filled = [number for number, line in enumerate(layout.lines) if line.strip()]
    single = [layout.lines[number] for number in filled[layout.header :] if number not in taken]
    found = set(range(layout.width)) if single else set()
    for row in csv.reader(single, delimiter=layout.delimiter):
        found = {at for at in found if at < len(row) and _is_number(row[at])}
    return found


def _number(line: str, at: int, layout: Layout) -> int:
    """Return the number in a column; -1 if there is none."""
    cell = line.split(layout.delimiter)[at].strip(' "')
    return int(cell) if _is_number(cell) else -1


def _is_number(cell: str) -> bool:
    return cell.strip(' "').isdecimal() and len(cell) < 19
