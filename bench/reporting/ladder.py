"""Draw a ladder: the headline of every arm against a knob of the dataset that a plan runs at several values."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from bench.plugins.reference import base, split_knobs
from bench.reporting import grids
from bench.reporting.escape import csv_cell
from bench.reporting.figures import KINDS, MARKER, WIDE, Style, canvas, finish, rendered, short_names, style, styles_of
from bench.reporting.paper import Paper
from bench.reporting.table import Column, Row, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

NAME = "ladder"
HEADER = ("dataset", "knob", "x", "label", "metric", "runs", "mean", "low", "high")
FAR = 8  # values that are so many times apart get a logarithmic scale
ACROSS = 2  # panels side by side


class Ladder(NamedTuple):
    """One panel: a dataset at several values of a knob, the smallest first, its other knobs alike."""

    title: str
    knob: str
    rungs: tuple[tuple[float, Table], ...]

    @property
    def column(self) -> Column:
        """Return the headline of its tables."""
        first = self.rungs[0][1]
        tested = [column for column in first.columns if column.metric in first.spec.tested]
        return (tested or list(first.columns))[0]


def ladders(tables: Sequence[Table]) -> list[Ladder]:
    """Return a ladder for each dataset whose tables differ in the value of one number; empty if there is none.

    If several knobs differ, the one with the most values is climbed, and each value of the others has a ladder.
    """
    variants: dict[tuple[str, ...], list[tuple[dict[str, str], Table]]] = {}
    for table in tables:
        knobs = dict(_pair(knob) for knob in split_knobs(table.dataset)[1])
        if knobs and table.columns:
            variants.setdefault((base(table.dataset), *knobs), []).append((knobs, table))
    return [ladder for (name, *_), found in variants.items() for ladder in _climb(name, found)]


def _climb(name: str, found: Sequence[tuple[Mapping[str, str], Table]]) -> Iterable[Ladder]:
    """Yield the ladders of one dataset, whose variants all have the same knobs."""
    values = {knob: {knobs[knob] for knobs, _ in found} for knob in found[0][0]}
    numbers = [knob for knob, texts in values.items() if len(texts) > 1 and all(map(_is_number, texts))]
    if not numbers:
        return
    knob = max(numbers, key=lambda one: (len(values[one]), one))
    panels: dict[str, list[tuple[float, Table]]] = {}
    for knobs, table in sorted(found, key=lambda one: [_order(value) for value in one[0].values()]):
        others = ", ".join(f"{other} = {text}" for other, text in knobs.items() if other != knob)
        panels.setdefault(f"{name}, {others}" if others else name, []).append((float(knobs[knob]), table))
    for title, rungs in panels.items():
        if len(rungs) > 1:
            yield Ladder(title, knob, tuple(sorted(rungs, key=lambda rung: rung[0])))


def caption(found: Sequence[Ladder]) -> str:
    """Return the caption of the figure."""
    names = " and ".join(dict.fromkeys(ladder.column.name for ladder in found))
    knobs = " and ".join(dict.fromkeys(ladder.knob for ladder in found))
    shown = "mean over finished seeds, band: 95 % interval where it is above 0"
    return f"{names} against {knobs} of the dataset, all arms: {shown}."


def draw(found: Sequence[Ladder], paper: Paper, width: float = WIDE) -> dict[str, bytes]:
    """Return the picture as {"pdf": ..., "png": ..., "svg": ...}, the same bytes for the same values.

    `width` is in inches.
    """
    with style():
        figure = make_figure(found, paper, width)
        return {kind: rendered(figure, kind) for kind in KINDS}


def make_figure(found: Sequence[Ladder], paper: Paper, width: float = WIDE) -> Figure:
    """Return the figure: a panel for each ladder, a line for each arm."""
    every_label = {row.label for ladder in found for _, table in ladder.rungs for row in table.rows}
    labels = sorted((label for label in every_label if _drawn(found, label)), key=paper.rank)
    styles = styles_of(labels, paper)
    with style():
        figure, every = canvas(width, len(found), across=ACROSS)
        lines = [_panel(axes, ladder, styles) for axes, ladder in zip(every, found, strict=False)]
        for axes in every[len(found) :]:
            axes.set_axis_off()
        sample = any(grids.is_sample(table) for ladder in found for _, table in ladder.rungs)
        finish(figure, every[: len(found)], lines, short_names(labels, paper), sample=sample)
    return figure


def to_csv(found: Sequence[Ladder]) -> str:
    """Return a line for each rung and arm, in full precision; an undefined value is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for ladder in found:
        for x, table in ladder.rungs:
            for row in table.rows:
                entry, names = row.scores[ladder.column.metric], (row.label, ladder.column.metric)
                numbers = (len(entry.values), entry.mean, *_bounds(row, ladder.column.metric))
                line = (table.dataset, ladder.knob, x, *names, *numbers)
                writer.writerow(["" if cell is None else csv_cell(str(cell)) for cell in line])
    return out.getvalue()


def _panel(axes: Axes, ladder: Ladder, styles: Mapping[str, Style]) -> dict[str, Line2D]:
    """Draw one ladder; an arm has a point at each rung where its value is defined."""
    metric, lines, drawn = ladder.column.metric, dict[str, "Line2D"](), list[float]()
    for label, look in styles.items():
        points = [(x, row) for x, table in ladder.rungs for row in table.rows if row.label == label]
        points = [(x, row) for x, row in points if row.scores[metric].mean is not None]
        if not points:
            continue
        xs, means = [x for x, _ in points], [float(row.scores[metric].mean or 0) for _, row in points]
        lows, highs = zip(*(_bounds(row, metric) for _, row in points), strict=True)
        name = points[0][1].name
        (lines[label],) = axes.plot(
            xs, means, color=look.colour, linestyle=look.dash, marker=look.marker, markersize=MARKER, linewidth=1.2,
            label=name,
        )  # fmt: skip
        above = [low > 0 for low in lows]  # a logarithmic scale has no place for the rest
        axes.fill_between(xs, lows, highs, where=above, color=look.colour, alpha=0.18, linewidth=0)
        drawn += means
    _scale(axes, [x for x, _ in ladder.rungs], drawn)
    axes.set_xlabel(ladder.knob)
    axes.set_ylabel(f"{ladder.column.name} {grids.ARROWS[ladder.column.better]}")
    axes.set_title(ladder.title, fontsize=9)
    return lines


def _scale(axes: Axes, xs: Sequence[float], ys: Sequence[float]) -> None:
    """Choose scales and limits by the means: the interval of few seeds can be far wider, and is cut."""
    if min(xs) > 0 and max(xs) / min(xs) >= FAR:
        axes.set_xscale("log")
        axes.set_xticks(xs, [f"{x:,.12g}" for x in xs])
        axes.minorticks_off()
    if ys and min(ys) > 0 and max(ys) / min(ys) >= FAR:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("")
        axes.set_ylim(min(ys) / 1.5, max(ys) * 1.5)


def _bounds(row: Row, metric: str) -> tuple[float | None, float | None]:
    """Return the interval of a row's mean over seeds; the mean twice if there is no interval."""
    entry = row.scores[metric]
    if entry.mean is None:
        return None, None
    half = entry.half or 0.0
    return entry.mean - half, entry.mean + half


def _drawn(found: Sequence[Ladder], label: str) -> bool:
    """Return whether an arm has a value above 0: an arm at 0 throughout, such as the oracle itself, has no line."""
    return any(
        row.label == label and (row.scores[ladder.column.metric].mean or 0) != 0
        for ladder in found
        for _, table in ladder.rungs
        for row in table.rows
    )


def _pair(knob: str) -> tuple[str, str]:
    name, _, value = knob.partition("=")
    return name, value


def _order(text: str) -> tuple[float, str]:
    """Return a sort key: numbers by value, before texts."""
    return (float(text), "") if _is_number(text) else (math.inf, text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
