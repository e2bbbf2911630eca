"""Name lines at their right ends, so that a figure needs no legend and no colour to be read."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation

SIZE = 7.0  # points
LINE = 1.25  # height of a line of text, in font sizes
OUT = 1.04  # where names begin, in widths of the panel


def name_ends(axes: Axes, names: Mapping[str, str], lines: Mapping[str, Line2D]) -> None:
    """Write each line's name to the right of the panel, with a thin line to its last point that can be seen."""
    low, high = axes.get_ylim()
    for label, line in lines.items():
        x, y = (float(np.asarray(found, dtype=float)[-1]) for found in (line.get_xdata(), line.get_ydata()))
        end = (x, min(max(y, low), high))
        thin = {"arrowstyle": "-", "color": "0.55", "linewidth": 0.5, "shrinkA": 0, "shrinkB": 1}
        axes.annotate(
            names[label], end, (OUT, 0.5), xycoords="data", textcoords="axes fraction", va="center", ha="left",
            fontsize=SIZE, arrowprops=thin, annotation_clip=False, zorder=1,
        )  # fmt: skip


def fit(figure: Figure, every: Sequence[Axes], names: Sequence[int]) -> bool:
    """Return whether each panel is high enough for this number of names, one below the other."""
    _lay_out(figure)
    return all(number * _least(figure, axes) <= 1 for axes, number in zip(every, names, strict=True))


def spread(figure: Figure, every: Sequence[Axes]) -> None:
    """Move the names of each panel as little as needed so that none covers another."""
    _lay_out(figure)
    for axes in every:
        found = sorted(_names(axes), key=lambda name: (axes.transData.transform(name.xy)[1], name.get_text()))
        wanted = [axes.transAxes.inverted().transform(axes.transData.transform(name.xy))[1] for name in found]
        for name, place in zip(found, apart([float(y) for y in wanted], _least(figure, axes)), strict=True):
            name.set_position((OUT, place))


@contextmanager
def missing_letters_as_boxes() -> Iterator[None]:
    """Let matplotlib draw a letter that the font lacks as a box, without a warning."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        yield


def apart(wanted: Sequence[float], least: float) -> list[float]:
    """Return places near the wanted ones, which rise, at least `least` apart, with the least squares of the moves.

    They stay in 0 .. 1 if there is room. It is isotonic regression of the wanted places minus their ranks.
    """
    blocks: list[tuple[float, int]] = []  # mean and size
    for rank, place in enumerate(wanted):
        mean, size = place - rank * least, 1
        while blocks and blocks[-1][0] > mean:
            before, count = blocks.pop()
            mean, size = (mean * size + before * count) / (size + count), size + count
        blocks.append((mean, size))
    highest = max(0.0, 1 - (len(wanted) - 1) * least)
    flat = [min(max(mean, 0.0), highest) for mean, size in blocks for _ in range(size)]
    return [place + rank * least for rank, place in enumerate(flat)]


def _lay_out(figure: Figure) -> None:
    """Give each panel its place, so that its height is known."""
    with missing_letters_as_boxes():
        figure.draw_without_rendering()


def _least(figure: Figure, axes: Axes) -> float:
    """Return the height of a line of text, in heights of the panel."""
    return SIZE * LINE * figure.dpi / 72 / axes.bbox.height


def _names(axes: Axes) -> list[Annotation]:
    from matplotlib.text import Annotation

    return [text for text in axes.texts if isinstance(text, Annotation)]
