"""Lay a table out for a page of paper: stacks of cells, as many side by side as a column or a page is wide."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from bench.planning.cell import REAL
from bench.reporting import grids
from bench.reporting.font_widths import BOLD, POINTS, width
from bench.reporting.table import Column, Entry, Place, Table

COLUMN, PAGE = 3.3 * POINTS, 6.9 * POINTS
"""Widths in points: one column of a two-column paper, and both."""
SIZE, SMALL = 8.0, 7.0
"""Font sizes in points: of a value, and of an interval and all else that is small."""
GAP, TIGHT = 7.5, 5.5
"""Points between two stacks, on a page and in a column."""
HEADER = 38.0
"""Points of a line of a header, at least."""
NAME, METRIC = 26, 18  # characters of a line of a row's name, and of a metric's
WORDS = (60, 24, 19, 15)  # characters of a line of a cell with words: the first that fits
PM = "±"


@dataclass(frozen=True)
class Cell:
    """A value with the half-width of its interval ("" if it has none), a mark behind it, and its place in the column.

    `wordy` is true for a word in place of a value, such as "failed".
    """

    text: str
    half: str = ""
    mark: str = ""
    place: Place | None = None
    wordy: bool = False

    @property
    def left(self) -> float:
        """Return the width in points of the value."""
        return 0.0 if self.wordy else self._text * (BOLD if self.place in ("best", "tied") else 1.0)

    @property
    def right(self) -> float:
        """Return the width in points of what stands behind the value."""
        return width(f" {PM} {self.half}" if self.half else "", SMALL) + width("l" if self.mark else "", SIZE)

    @property
    def whole(self) -> float:
        """Return the width in points of a word; 0 for a value."""
        return self._text if self.wordy else 0.0

    @property
    def _text(self) -> float:
        return max(width(line.replace("-", "−"), SIZE) for line in lines(self.text))


@dataclass(frozen=True)
class Stack:
    """A header and the cells below it. `split` if values and intervals stand in two aligned parts."""

    header: str
    cells: tuple[Cell, ...]

    @property
    def split(self) -> bool:
        """Return whether a cell has something behind its value."""
        return any(cell.half or cell.mark for cell in self.cells)

    @property
    def body(self) -> float:
        """Return the width in points without the header."""
        apart = max((cell.left for cell in self.cells), default=0.0) + max(
            (cell.right for cell in self.cells), default=0.0
        )
        return max([apart, *(cell.whole for cell in self.cells)])

    @property
    def title(self) -> list[str]:
        """Return the lines of the header, not wider than the cells if its words allow it."""
        words = re.split(r" (?![↓↑])", self.header)
        room = max([self.body, HEADER, *(width(word, SIZE) for word in words)])
        found = words[:1]
        for word in words[1:]:
            longer = f"{found[-1]} {word}"
            found = [*found[:-1], longer] if width(longer, SIZE) <= room else [*found, word]
        return found

    @property
    def width(self) -> float:
        """Return the width in points."""
        return max([self.body, *(width(line, SIZE) for line in self.title)])


@dataclass(frozen=True)
class Layout:
    """A tabular: the stack of names, the others, and the number of rows above the inner rule (0 if there is none)."""

    names: Stack
    stacks: tuple[Stack, ...]
    above: int = 0
    gap: float = GAP

    @property
    def width(self) -> float:
        """Return the width in points."""
        return self.names.width + sum(self.gap + stack.width for stack in self.stacks)

    @property
    def rows(self) -> Iterator[tuple[Cell, ...]]:
        """Yield the cells of each row, without its name."""
        return zip(*(stack.cells for stack in self.stacks), strict=True)


def lines(text: str) -> list[str]:
    """Return the lines of a cell or a name."""
    return text.splitlines() or [""]


def narrow(table: Table, room: float = COLUMN) -> Layout:
    """Return one tabular of at most `room` points: all columns, if need be transposed, else as many as it has room for.

    One metric stays, however long the names are.
    """
    groups = _groups(table)
    whole = _layout(table, _joined(groups), TIGHT)
    if whole.width <= room:
        return whole
    if (turned := _transposed(whole)).width <= room:
        return turned
    kept = 1
    while kept < len(groups) and _layout(table, _joined(groups[: kept + 1]), TIGHT).width <= room:
        kept += 1
    return _layout(table, _joined(groups[:kept]), TIGHT)


def wide(table: Table, room: float = PAGE) -> list[Layout]:
    """Return tabulars of at most `room` points with all columns. A family of metrics (BLEU) is cut only if too wide."""
    blocks: list[list[Stack]] = [[]]
    for group in _families(table, lambda stacks: _layout(table, stacks).width <= room):
        if blocks[-1] and _layout(table, [*blocks[-1], *group]).width > room:
            blocks.append([])
        blocks[-1] += group
    return [_layout(table, block) for block in blocks]


def plain(grid: grids.Grid, room: float = PAGE, gap: float = GAP) -> Layout:
    """Return the layout of a grid of text. Words, but no numbers, are folded until it takes at most `room` points.

    A hundredth of the room is left free, since widths are estimates.
    """
    found = [_plain(grid, letters, gap) for letters in WORDS]
    return next((layout for layout in found if layout.width <= 0.99 * room), found[-1])


def _plain(grid: grids.Grid, letters: int, gap: float) -> Layout:
    first, *others = zip(*grid.rows, strict=True)
    stacks = (
        Stack(header, tuple(Cell(grids.folded(text, letters) if text[:1].isalpha() else text) for text in texts))
        for header, texts in zip(grid.header[1:], others, strict=True)
    )
    return Layout(_names(grid.header[0], first, min(NAME, letters)), tuple(stacks), gap=gap)


def _layout(table: Table, stacks: Sequence[Stack], gap: float = GAP) -> Layout:
    above = len(table.rows) > 1 and table.rows[0].label == REAL
    return Layout(
        _names("Method", [grids.marked_name(row) for row in table.rows]), (*_runs(table), *stacks), int(above), gap
    )


def _names(header: str, names: Sequence[str], letters: int = NAME) -> Stack:
    return Stack(header, tuple(Cell(grids.folded(name, letters)) for name in names))


def _transposed(layout: Layout) -> Layout:
    """Return the layout with a row for each metric and a stack for each method."""
    names = _names("", [stack.header for stack in layout.stacks], METRIC)
    methods = [" ".join(lines(cell.text)) for cell in layout.names.cells]
    stacks = tuple(Stack(name, cells) for name, cells in zip(methods, layout.rows, strict=True))
    return Layout(names, stacks, gap=layout.gap)


def _runs(table: Table) -> list[Stack]:
    """Return the stack of the numbers of finished runs; none if all rows but *real* have the same or no run."""
    counts = {row.done for row in table.rows if row.label != REAL and row.done}
    cells = (Cell(str(row.done) if row.done else "", wordy=not row.done) for row in table.rows)
    return [Stack("Runs", tuple(cells))] if len(counts) > 1 else []


def _groups(table: Table) -> list[list[Stack]]:
    """Return the stacks that stand together: a metric with its published values, or the human scores with theirs."""
    groups = [_metric(table, column) for column in table.columns] or [_absences(table)]
    return [*groups[:1], *([_human(table)] if table.human else []), *groups[1:]]


def _families(table: Table, fits: Callable[[list[Stack]], bool]) -> Iterator[list[Stack]]:
    """Yield the groups again, those of one family of metrics together if they fit into one tabular."""
    groups = _groups(table)
    families = [column.metric.rpartition("-")[0] or column.metric for column in table.columns] or [""]
    named = [*families[:1], *([" human"] if table.human else []), *families[1:]]
    for _, found in groupby(zip(named, groups, strict=True), key=lambda pair: pair[0]):
        those = [group for _, group in found]
        yield from [_joined(those)] if fits(_joined(those)) else those


def _joined(groups: Sequence[Sequence[Stack]]) -> list[Stack]:
    return [stack for group in groups for stack in group]


def _metric(table: Table, column: Column) -> list[Stack]:
    places = table.ranks[column.metric].places
    cells = [_value(row.scores[column.metric], column.decimals, places.get(row.label)) for row in table.rows]
    found = [Stack(f"{column.name} {grids.ARROWS[column.better]}", tuple(cells))]
    if column.published:
        texts = [row.scores[column.metric].published or grids.DASH for row in table.rows]
        found.append(Stack("published", tuple(Cell(text, wordy=text == grids.DASH) for text in texts)))
    return found


def _value(entry: Entry, decimals: int, place: Place | None) -> Cell:
    if entry.state in ("failed", "unfinished") or entry.mean is None:
        return Cell(grids.score_text(entry, decimals), wordy=True)
    bound = f"{grids.BOUNDS[entry.bound]} " if entry.bound else ""
    half = "" if entry.half is None else grids.number(entry.half, decimals)
    return Cell(bound + grids.number(entry.mean, decimals), half, grids.DAGGER if entry.marked else "", place)


def _human(table: Table) -> list[Stack]:
    """Return the human scores of the table, if any were collected, and the published ones."""
    ours = Stack("Human score ↑", tuple(Cell(row.human, wordy=True) for row in table.rows))
    texts = [row.human_published or grids.DASH for row in table.rows]
    theirs = Stack("published human score", tuple(Cell(text, wordy=text == grids.DASH) for text in texts))
    return [*([ours] if table.collected else []), *([theirs] if table.spec.human else [])]


def _absences(table: Table) -> list[Stack]:
    """Return the words for rows without scores."""
    return [Stack("Scores", tuple(Cell(grids.absence(row), wordy=True) for row in table.rows))]
