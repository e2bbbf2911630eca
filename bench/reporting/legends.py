"""Name lines below all panels of a figure, which grows by the height of the names."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.reporting import grids
from bench.reporting.end_labels import missing_letters_as_boxes

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

LETTERS = 15.0  # characters of an inch of a name or a note
KEY = 0.7  # inches of a column of a legend before its name
HANDLE = 3.2  # length of a line of the legend, in font sizes: enough to tell dashes
APART = 1.2  # between two columns, in font sizes
SIZE = 7.0  # points
MOST = 6  # columns


def below(figure: Figure, handles: Sequence[Artist], names: Sequence[str], note: str = "") -> None:
    """Name each of these lines below all panels, in as many columns as the figure is wide enough for.

    The figure grows, so that its panels keep their height. `note` stands above the names.
    """
    if not handles:
        return
    width = float(figure.get_figwidth())
    letters = min(grids.NAME_WIDTH, int(LETTERS * (width - KEY)))
    folded = [grids.folded(name, letters) for name in names]
    title = textwrap.fill(note, int(LETTERS * width))
    with missing_letters_as_boxes():
        columns = min(MOST, len(handles))
        legend = _legend(figure, handles, folded, title, columns)
        while columns > 1 and legend.get_window_extent().width > figure.bbox.width:
            legend.remove()
            columns -= 1
            legend = _legend(figure, handles, folded, title, columns)
        high = legend.get_window_extent().height / figure.dpi
    figure.set_figheight(float(figure.get_figheight()) + high)


def _legend(figure: Figure, handles: Sequence[Artist], names: Sequence[str], title: str, columns: int) -> Legend:
    return figure.legend(
        handles=list(handles), labels=list(names), loc="outside lower center", ncols=columns, frameon=False,
        fontsize=SIZE, handlelength=HANDLE, markerscale=1.2, labelspacing=0.4, columnspacing=APART,
        title=title or None, title_fontsize=SIZE,
    )  # fmt: skip
