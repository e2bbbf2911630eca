"""Names at the ends of lines: near the ends, apart from each other, inside the panel."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy.optimize import minimize

from bench.reporting.end_labels import apart, name_ends, spread


def test_names_that_are_apart_stay() -> None:
    assert apart([0.1, 0.5, 0.9], 0.2) == pytest.approx([0.1, 0.5, 0.9])


def test_a_crowd_moves_by_the_least_squares() -> None:
    wanted, least = [0.4, 0.41, 0.42, 0.7, 0.72], 0.1
    found = apart(wanted, least)
    gaps = [{"type": "ineq", "fun": lambda x, i=i: x[i + 1] - x[i] - least} for i in range(4)]
    best = minimize(lambda x: sum((x - wanted) ** 2), [0.1, 0.3, 0.5, 0.7, 0.9], constraints=gaps, tol=1e-14)
    assert found == pytest.approx(list(best.x), abs=1e-6)


@given(st.lists(st.floats(0, 1), max_size=12).map(sorted), st.floats(0.01, 0.08))
def test_names_are_apart_and_inside_if_there_is_room(wanted: list[float], least: float) -> None:
    found = apart(wanted, least)
    assert all(later - one >= least - 1e-9 for one, later in pairwise(found))
    assert all(-1e-9 <= place <= 1 + 1e-9 for place in found)


def test_no_name_covers_another_and_each_points_at_its_line() -> None:
    figure = Figure(figsize=(3.3, 2.5), layout="constrained")
    axes = figure.subplots()
    lines = {f"arm {i}": axes.plot([0, 1], [0, 1 + i / 1000])[0] for i in range(9)}
    name_ends(axes, {label: label for label in lines}, lines)
    spread(figure, [axes])
    figure.draw_without_rendering()
    boxes = sorted((box.y0, box.y1) for box in map(Text.get_window_extent, axes.texts))  # without the thin lines
    assert all(later[0] >= one[1] - 1 for one, later in pairwise(boxes))
    assert {text.get_text(): text.xy for text in axes.texts} == {f"arm {i}": (1, 1 + i / 1000) for i in range(9)}
