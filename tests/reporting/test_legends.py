"""Names below the panels: as many columns as there is room for, in a figure that grows."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from bench.reporting import legends


def named(names: list[str], width: float, note: str = "") -> tuple[Figure, Legend]:
    figure = Figure(figsize=(width, 2.0), layout="constrained")
    axes = figure.subplots()
    legends.below(figure, [axes.plot([0, 1])[0] for _ in names], names, note)
    figure.draw_without_rendering()
    return figure, figure.legends[0]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("width", "length"), [(3.3, 4), (3.3, 120), (6.9, 4), (6.9, 120)])
@pytest.mark.parametrize("letter", ["i", "W"])
def test_a_figure_grows_by_its_legend_which_it_holds(width: float, length: int, letter: str) -> None:
    figure, found = named([f"{letter * (length // 3)} " * 3] * 30, width, "a note " * 30)
    box = found.get_window_extent()
    assert figure.get_figheight() == pytest.approx(2.0 + box.height / figure.dpi)
    assert box.y0 >= 0 and (length > 4 or (box.x0 >= 0 and box.x1 <= figure.bbox.width))


def test_there_are_as_many_columns_as_the_width_has_room_for() -> None:
    def columns(names: list[str], width: float) -> int:
        return len({round(text.get_window_extent().x0) for text in named(names, width)[1].get_texts()})

    assert columns(["MLE"] * 20, 6.9) > columns(["MLE"] * 20, 3.3) > 1
    assert columns(["an arm with a long name"] * 20, 3.3) == 1
    assert columns(["MLE"] * 2, 6.9) == 2


def test_nothing_to_name_is_no_legend() -> None:
    figure = Figure(figsize=(3.3, 2.0))
    legends.below(figure, [], [])
    assert figure.legends == [] and figure.get_figheight() == 2.0
