"""The picture of quality against diversity: a curve an arm over temperatures, published points, and the hull."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from bench.judging.frontier import Point, hull
from bench.judging.planes import Plane
from bench.planning.cell import REAL
from bench.reporting import grids, legends
from bench.reporting.figures import KINDS, MARKER, WIDE, Style, rendered, style, styles_of
from bench.reporting.paper import Paper

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = ("D", "s", "^", "v", "P", "X")
ROW = 2  # panels side by side
HULL = "hull of all curves"


class Curve(NamedTuple):
    """One arm: its points by temperature, and the one at temperature 1, None if there is none."""

    label: str
    name: str
    points: Sequence[Point]
    at_one: Point | None


class Mark(NamedTuple):
    """A single point that is no curve of ours: published values, or real data."""

    name: str
    point: Point


class Panel(NamedTuple):
    """One plane with what is drawn in it."""

    title: str
    plane: Plane
    curves: Sequence[Curve]
    marks: Sequence[Mark]


def draw(panels: Sequence[Panel], paper: Paper, *, sample: bool = False, note: str = "") -> dict[str, bytes]:
    """Return the picture as {"pdf": ..., "png": ..., "svg": ...}, the same bytes for the same points."""
    with style():
        figure = make_figure(panels, paper, sample=sample, note=note)
        return {kind: rendered(figure, kind) for kind in KINDS}


def make_figure(panels: Sequence[Panel], paper: Paper, *, sample: bool = False, note: str = "") -> Figure:
    """Return the figure; a ring marks temperature 1.

    `sample` prints on it that the corpus is made by the code, `note` stands under it.
    """
    from matplotlib.figure import Figure

    styles = styles_of(sorted({curve.label for panel in panels for curve in panel.curves}, key=paper.rank), paper)
    with style():
        rows, columns = -(-len(panels) // ROW), min(ROW, len(panels))
        figure = Figure(figsize=(WIDE, 3.2 * rows), layout="constrained")
        every = list(figure.subplots(rows, columns, squeeze=False).flat)
        for axes in every[len(panels) :]:
            axes.remove()
        handles: dict[str, Artist] = {}
        for axes, panel in zip(every[: len(panels)], panels, strict=True):
            for name, handle in _panel(axes, panel, styles, paper).items():
                handles.setdefault(name, handle)
        if sample:  # a picture travels without its caption
            figure.suptitle("SAMPLE CORPUS", color="#b3261e", fontweight="bold")
        if handles:
            legends.below(figure, list(handles.values()), list(handles), note)
    return figure


def all_points(panel: Panel) -> list[Point]:
    """Return the points of all models of a panel: neither those of real data nor the marks, which are others'."""
    return [point for curve in panel.curves if curve.label != REAL for point in curve.points]


def _panel(axes: Axes, panel: Panel, styles: dict[str, Style], paper: Paper) -> dict[str, Artist]:
    """Draw one plane; returns what the legend names."""
    plane = panel.plane
    corners = hull(all_points(panel), plane.diversity_better, plane.quality_better)
    found: dict[str, Artist] = {}
    for curve in panel.curves:
        if line := _curve(axes, curve, styles[curve.label]):
            found[curve.name] = line
    if len(corners) > 1:
        (found[HULL],) = axes.plot(*zip(*corners, strict=True), color="0.75", linewidth=5, alpha=0.6, zorder=1)
    for index, mark in enumerate(panel.marks):
        shape = MARKERS[index % len(MARKERS)]
        (found[mark.name],) = axes.plot(*mark.point, shape, color="0.25", markersize=6, linestyle="", zorder=5)
    arrows = grids.ARROWS
    axes.set_xlabel(f"{paper.metric(plane.diversity).name} {arrows[plane.diversity_better]}")
    axes.set_ylabel(f"{paper.metric(plane.quality).name} {arrows[plane.quality_better]}")
    axes.set_title(panel.title, fontsize=9)
    return found


def _curve(axes: Axes, curve: Curve, look: Style) -> Artist | None:
    """Draw one arm; returns its line, None if it is a single point, which has its name beside it."""
    xs, ys = zip(*curve.points, strict=True)
    (line,) = axes.plot(
        xs, ys, look.dash, color=look.colour, marker=look.marker, markersize=MARKER, linewidth=1.2, zorder=3
    )
    if curve.at_one is not None:
        axes.plot(*curve.at_one, "o", color=look.colour, markersize=8, fillstyle="none", markeredgewidth=1.6, zorder=4)
    if len(xs) > 1:
        return line
    axes.annotate(grids.folded(curve.name), curve.points[0], (5, 4), textcoords="offset points", fontsize=7)
    return None
