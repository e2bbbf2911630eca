"""Read CSV and TSV: find the delimiter, tell whether quotation marks quote, and refuse marks that swallow rows."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from bench.contracts.errors import BenchError
from bench.toolkit.corpora.reading import columns
from bench.toolkit.corpora.reading.columns import Column
from bench.toolkit.corpora.reading.formats import inner_suffix
from bench.toolkit.corpora.reading.layout import Layout, LongRow
from bench.toolkit.corpora.reading.swallowed import first_swallowing

NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
LOOKED_AT = 200  # lines read to tell the delimiter, and a header from data
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')


class _Unreadable(Exception):
    """The lines are no table, with or without quotation marks; the message says where."""


class _Quoted(NamedTuple):
    """The wanted cells, and the rows that take more than one line."""

    cells: list[str]
    long: list[LongRow]


def from_delimited(lines: Sequence[str], path: Path, column: str) -> Column:
    """Return the cells of a column; BenchError if rows differ in their number of cells, or marks do not pair."""
    own = "," if inner_suffix(path) == ".csv" else "\t"
    with _long_cells():
        delimiter = _delimiter(lines, own)
        first, *rest = list(_opening(lines, delimiter)) or [[]]
        index, header = columns.choose(first, rest, column, path)
        layout = Layout(lines, delimiter, len(first), index, header)
        try:
            cells, notes = _cells(layout)
        except _Unreadable as error:
            raise BenchError(f"{path}, {error}") from None
    if delimiter != own:
        notes = (f"cells of {path.name} are parted by {NAMES[delimiter]}", *notes)
    if not header:
        notes = (f"{path.name} is read without a header: #{column} is a place, the first row is data", *notes)
    return Column(cells, _records(layout, cells), notes)


def _cells(layout: Layout) -> tuple[list[str], tuple[str, ...]]:
    """Return the cells and notes. A TSV is read line by line if all lines have as many cells as the first.

    A CSV is read line by line if its quotation marks do not pair.
    """
    if layout.delimiter == "\t":
        if layout.is_even:
            return _unquoted_as_a_whole(_plain(layout))
        return _sound(layout)
    try:
        return _sound(layout)
    except _Unreadable:
        if layout.width < 2 or not layout.is_even:
            raise
        cells, kept = _unquoted_each(_plain(layout))
        return cells, (f"quotation marks do not pair, so that each line is a row; {kept} cells keep theirs",)


def _sound(layout: Layout) -> tuple[list[str], tuple[str, ...]]:
    """Return the cells and notes, read with quotation marks; _Unreadable if a quoted cell seems to hold rows."""
    cells, long = _quoted(layout)
    row = first_swallowing(layout, long)
    if row is not None:
        raise _Unreadable(
            f"line {row.start + 1}: a quotation mark opens a cell that goes on to line {row.end} over what look like "
            "rows; close it, or double it"
        )
    most = max((row.end - row.start for row in long), default=0)
    return cells, (f"{len(long)} rows take several lines, {most} at most",) if long else ()


def _quoted(layout: Layout) -> _Quoted:
    """Return the cells as RFC 4180 defines them."""
    reader = csv.reader((f"{line}\n" for line in layout.lines), delimiter=layout.delimiter, strict=True)
    found, start = _Quoted([], []), 0
    try:
        for row in reader:
            if row and not (layout.width > 1 and _is_blank(row)):
                _check(row, layout, len(found.cells), start)
                found.cells.append(row[layout.place])
                if reader.line_num - start > 1:
                    broken = next((at for at, cell in enumerate(row) if "\n" in cell), 0)
                    found.long.append(LongRow(start, reader.line_num, broken))
            start = reader.line_num
    except csv.Error as error:
        raise _Unreadable(f"line {start + 1}: quotation marks do not pair ({error}); double those in a text") from None
    return found._replace(cells=found.cells[layout.header :])


def _check(row: Sequence[str], layout: Layout, before: int, start: int) -> None:
    if len(row) != layout.width:
        number = before + 1 - layout.header
        raise _Unreadable(
            f"row {number} (line {start + 1}): {len(row)} cells where the first row has {layout.width}; quote cells "
            f"that hold {NAMES[layout.delimiter]}"
        )


def _plain(layout: Layout) -> list[str]:
    """Return the cells with one row a line; quotation marks are ordinary characters."""
    filled = (line for line in layout.lines if line.strip())
    return [line.split(layout.delimiter)[layout.place] for line in islice(filled, int(layout.header), None)]


def _unquoted_as_a_whole(cells: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return the cells without quotation marks if a writer that quotes made the column; else as they are.

    Such a writer quotes every cell that holds a mark, and doubles it; or it quotes all cells.
    """
    marked = [cell for cell in cells if '"' in cell]
    bodies = [match[1] for cell in marked if (match := _QUOTED.fullmatch(cell))]
    everywhere = len(marked) == sum(map(bool, cells))
    if len(bodies) == len(marked) and (everywhere or all('""' in body for body in bodies)):
        return [_unquoted(cell) for cell in cells], ()
    starting = sum(cell.startswith('"') for cell in marked)
    return cells, (f"{starting} cells begin with a quotation mark, kept as it is",) if starting else ()


def _unquoted_each(cells: list[str]) -> tuple[list[str], int]:
    """Return each cell without its quotation marks if they pair, and how many keep theirs."""
    kept = sum(cell.startswith('"') and not _QUOTED.fullmatch(cell) for cell in cells)
    return [_unquoted(cell) for cell in cells], kept


def _unquoted(cell: str) -> str:
    match = _QUOTED.fullmatch(cell)
    return match[1].replace('""', '"') if match else cell


def _records(layout: Layout, cells: Sequence[str]) -> int:
    """Return the number of records: lines that are not blank, without the header and the line breaks within rows."""
    if sum(1 for line in layout.lines if line.strip()) == len(cells) + layout.header:
        return len(cells)
    long = _quoted(layout).long
    taken = {number for row in long for number in range(row.start + 1, row.end)}
    filled = sum(bool(line.strip()) and number not in taken for number, line in enumerate(layout.lines))
    return filled - layout.header


def _delimiter(lines: Sequence[str], own: str) -> str:
    """Return the suffix's delimiter if it splits the first lines evenly, else another that does, or that occurs."""
    order = [own, *(name for name in NAMES if name != own)]
    looked_at = list(islice((line for line in lines if line.strip()), LOOKED_AT))
    first = next(iter(looked_at), "")
    even = next((delimiter for delimiter in order if _parts_evenly(looked_at, delimiter)), None)
    return even or next((delimiter for delimiter in order if delimiter in first), own)


def _parts_evenly(lines: Sequence[str], delimiter: str) -> bool:
    if len({line.count(delimiter) for line in lines}) == 1:
        return delimiter in lines[0]
    rows = [row for row in csv.reader((f"{line}\n" for line in lines), delimiter=delimiter) if row]
    widths = {len(row) for row in (rows[:-1] if len(lines) == LOOKED_AT else rows)}  # the last may be cut
    return len(widths) == 1 and widths != {1}


def _opening(lines: Sequence[str], delimiter: str) -> Iterator[list[str]]:
    """Return the first rows; whether quotation marks quote is not known yet."""
    looked_at = list(islice((line for line in lines if line.strip()), LOOKED_AT))
    if delimiter == "\t":
        return ([_unquoted(cell) for cell in line.split(delimiter)] for line in looked_at)
    return (row for row in csv.reader((f"{line}\n" for line in looked_at), delimiter=delimiter) if row)


def _is_blank(row: Iterable[str]) -> bool:
    return not any(cell.strip() for cell in row)


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let the csv module read cells of any length; by default it refuses those over 128 KiB."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)
