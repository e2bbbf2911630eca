"""The layout of a delimited file, before it is known whether its quotation marks quote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Layout(NamedTuple):
    """The lines of a file, its delimiter, how many cells the first row has, and the column that is wanted."""

    lines: Sequence[str]
    delimiter: str
    width: int
    place: int
    header: bool

    @property
    def is_even(self) -> bool:
        """True if each line that is not blank has as many cells as the first row, when quotation marks mean nothing."""
        return all(line.count(self.delimiter) == self.width - 1 for line in self.lines if line.strip())


class LongRow(NamedTuple):
    """A row over lines `start` to `end` (from 0, `end` excluded): the cell of a column has a line break."""

    start: int
    end: int
    column: int
