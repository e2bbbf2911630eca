"""The picture of quality against diversity: what is drawn where."""

from __future__ import annotations

import pytest
from matplotlib.axes import Axes

from bench.judging.planes import ORACLE
from bench.reporting.paper import paper
from bench.reporting.plane import HULL, Curve, Mark, Panel, draw, make_figure

SEQGAN = Curve("seqgan", "SeqGAN", [(9.5, 8.2), (9.2, 8.7), (9.4, 9.3)], (9.2, 8.7))
MLE = Curve("mle", "MLE", [(7.9, 8.4), (7.6, 9.4), (7.8, 10.1)], (7.6, 9.4))
POINT = Curve("ngram", "n-gram", [(8.5, 9.9)], None)
REAL = Curve("real", "real data", [(5.8, 3.3), (5.7, 5.7)], (5.7, 5.7))
PANEL = Panel("oracle", ORACLE, [SEQGAN, MLE, POINT, REAL], [Mark("MLE (published)", (7.61, 9.4))])


def points_of(axes: Axes, label: str) -> list[tuple[float, float]]:
    """The points of the only line that the legend calls so."""
    legend = axes.figure.legends[0]
    place = [text.get_text() for text in legend.get_texts()].index(label)
    colour = legend.legend_handles[place].get_color()
    lines = [line for line in axes.lines if line.get_color() == colour and line.get_fillstyle() == "full"]
    return [(float(x), float(y)) for x, y in zip(lines[0].get_xdata(), lines[0].get_ydata(), strict=True)]


def test_curves_rings_hull_and_published_points_are_drawn() -> None:
    figure = make_figure([PANEL], paper(), note="Published on the same oracle.")
    (axes,) = figure.axes
    assert points_of(axes, "SeqGAN") == SEQGAN.points and points_of(axes, "MLE") == MLE.points
    rings = {(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_fillstyle() == "none"}
    assert rings == {SEQGAN.at_one, MLE.at_one, REAL.at_one}
    assert points_of(axes, HULL) == [(7.6, 9.4), (7.9, 8.4), (9.5, 8.2)]  # real data are no model
    assert points_of(axes, "MLE (published)") == [(7.61, 9.4)]
    assert [text.get_text() for text in axes.texts] == ["n-gram"]
    assert figure.legends[0].get_title().get_text() == "Published on the same oracle."
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("NLL_test ↓", "NLL_oracle ↓")


def test_the_same_points_are_the_same_files() -> None:
    first, again = draw([PANEL, PANEL], paper()), draw([PANEL, PANEL], paper())
    assert (
        first == again
        and first["pdf"].startswith(b"%PDF")
        and first["png"].startswith(b"\x89PNG")
        and b"<svg" in first["svg"]
    )


@pytest.mark.parametrize(("sample", "title"), [(True, "SAMPLE CORPUS"), (False, "")])
def test_a_sample_corpus_is_named_on_the_picture(sample: bool, title: str) -> None:
    assert make_figure([PANEL], paper(), sample=sample).get_suptitle() == title


@pytest.mark.filterwarnings("error")
def test_twenty_curves_and_a_note_leave_the_panels_their_height() -> None:
    curves = [Curve(f"arm-{n}[k={n}]", f"arm-{n} [knob_of_a_long_name={n}]", MLE.points, None) for n in range(20)]
    few, many = (make_figure([Panel("oracle", ORACLE, found, [])] * 2, paper()) for found in (curves[:2], curves))
    for figure in (few, many):
        figure.draw_without_rendering()
    assert len(many.legends[0].get_texts()) == 21  # and the hull
    assert many.axes[0].bbox.height == pytest.approx(few.axes[0].bbox.height, rel=0.02)
    box = many.legends[0].get_window_extent()
    assert box.x0 >= 0 and box.x1 <= many.bbox.width
