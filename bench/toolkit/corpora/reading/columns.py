"""Find the column of a table by its name, or by its place if the file has no header."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from bench.contracts.errors import BenchError, unknown

MOST_NAMED = 20


class Column(NamedTuple):
    """The values of a column, one a record; None if a record has none.

    `records` is the number of records in the file, counted in another way than by reading the values.
    """

    values: Sequence[Any]
    records: int
    notes: tuple[str, ...] = ()


def choose(first: Sequence[str], rest: Sequence[Sequence[str]], column: str, path: Path) -> tuple[int, bool]:
    """Return the place of a column in a delimited file, from 0, and whether the first row is a header.

    `#2` is the second column of a file without a header. If a column is called 2, `#2` is that column, unless all its
    cells are whole numbers too: then the first row is data.
    """
    names = [name.strip() for name in first]
    place = int(column) - 1 if column.isascii() and column.isdigit() and 0 < int(column) <= len(names) else None
    if column and column in names and not (place is not None and _is_data(names.index(column), rest)):
        if names.count(column) > 1:
            raise BenchError(f"{path}: {names.count(column)} columns are called {column!r}; rename all but one")
        return names.index(column), True
    if place is None:
        raise refusal(names, column, path, f"; where the first row is no header, give its place, as in {path}#1")
    return place, False


def _is_data(index: int, rest: Sequence[Sequence[str]]) -> bool:
    """Return whether all cells of a column are whole numbers, in the rows after the first."""
    cells = [row[index].strip() for row in rest if index < len(row)]
    return bool(cells) and all(cell.isdigit() for cell in cells)


def refusal(names: Iterable[str], column: str, path: Path, otherwise: str = "") -> BenchError:
    """Return the error for a missing or unknown name of a column; it lists the columns."""
    listed = list(dict.fromkeys(names))
    if column:
        return BenchError(f"{unknown(f'column of {path}', column, [name[:40] for name in listed])}{otherwise}")
    shown = ", ".join(f"{name!r:.40}" if " " in name else name for name in islice(listed, MOST_NAMED))
    more = f" and {len(listed) - MOST_NAMED} more" if len(listed) > MOST_NAMED else ""
    example = next((name for name in ("text", "body", "sentence") if name in listed), next(iter(listed), "text"))
    return BenchError(f"{path} is a table: say which column, as in {path}#{example}; it has {shown}{more}{otherwise}")
