"""Learning curves as pictures: the same bytes for the same runs, and the line where pre-training ends."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import same_color, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from scipy import stats

from bench.records.events import Curve, Interrupted
from bench.records.journal import Record, read_record
from bench.reporting import figures, grids
from bench.reporting.build import build_tables
from bench.reporting.paper import paper, printed_name
from bench.reporting.table import Table


@pytest.fixture(scope="module")
def table(matrix: list[Record], framed: Callable[..., pd.DataFrame]) -> Table:
    return build_tables(framed(matrix), paper(), lambda run_id: pd.DataFrame(), {})[0]


def curves_of(records: list[Record], metric: str) -> pd.DataFrame:
    rows = [
        (str(record.folder), "oracle", record.cell.label, record.cell.seed, point.x, point.scores[metric])
        for record in records
        for point in record.curve
    ]
    return pd.DataFrame(rows, columns=["run_id", "dataset", "label", "seed", "x", "value"])


@pytest.fixture(scope="module")
def curves(matrix: list[Record]) -> dict[str, pd.DataFrame]:
    return {metric: curves_of(matrix, metric) for metric in ("nll_oracle", "nll_test")}


def test_same_bytes_whatever_the_order(table: Table, curves: dict[str, pd.DataFrame]) -> None:
    first = figures.draw(table, curves, paper())
    shuffled = {name: points.sample(frac=1, random_state=3) for name, points in curves.items()}
    assert first is not None
    assert first == figures.draw(table, shuffled, paper())
    assert first["pdf"].startswith(b"%PDF")
    assert first["png"].startswith(b"\x89PNG")
    assert b"<svg" in first["svg"] and b"<dc:date>" not in first["svg"]
    assert b"CreationDate" not in first["pdf"]
    assert b"/Type3" not in first["pdf"]  # many publishers refuse such fonts


class Panel:
    """The content of one panel, read from the axes."""

    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        upright = [line for line in axes.get_lines() if list(line.get_ydata()) == [0, 1]]
        self.dashed = [float(np.asarray(line.get_xdata())[0]) for line in upright]
        self.lines = [line for line in axes.get_lines() if line not in upright]
        self.bands = list(axes.collections)

    def labels(self) -> list[str]:
        return [str(line.get_label()) for line in self.lines]

    def line(self, label: str) -> Line2D:
        (line,) = (line for line in self.lines if line.get_label() == label)
        return line

    def band(self, line: Line2D) -> dict[float, tuple[float, float]]:
        """Return x -> low and high of the band that has the line's colour."""
        mine = [band for band in self.bands if same_color(band.get_facecolor()[0][:3], to_rgb(line.get_color()))]
        corners = np.concatenate([path.vertices for band in mine for path in band.get_paths()])
        heights = {float(x): corners[corners[:, 0] == x, 1] for x in np.unique(corners[:, 0])}
        return {x: (float(ys.min()), float(ys.max())) for x, ys in heights.items()}


def drawn(table: Table, curves: dict[str, pd.DataFrame]) -> Figure:
    figure = figures.make_figure(table, curves, paper())
    assert figure is not None
    return figure


def panels(figure: Figure) -> list[Panel]:
    return [Panel(axes) for axes in figure.axes]


def ends(figure: Figure) -> list[set[str]]:
    """Return the names at the ends of the lines of each panel."""
    return [{text.get_text() for text in axes.texts} for axes in figure.axes]


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for found in figure.legends for text in found.get_texts()]


ARMS = ["MLE", "SS", "SeqGAN", "constant reward", "zz_new [k=1]"]


def test_each_metric_has_a_panel_and_each_arm_a_line(table: Table, curves: dict[str, pd.DataFrame]) -> None:
    figure = drawn(table, curves)
    assert [axes.get_ylabel() for axes in figure.axes] == ["NLL_oracle", "NLL_test"]
    assert [axes.get_xlabel() for axes in figure.axes] == ["generator epochs"] * 2
    assert [panel.labels() for panel in panels(figure)] == [ARMS, ARMS]
    assert ends(figure) == [set(ARMS), set(ARMS)] and legend(figure) == []
    assert figure.get_suptitle() == ""


def test_a_line_is_the_mean_over_seeds_and_its_band_the_interval(table: Table, curves: dict[str, pd.DataFrame]) -> None:
    for panel, metric in zip(panels(drawn(table, curves)), ("nll_oracle", "nll_test"), strict=True):
        points = curves[metric]
        values = points[points["label"] == "seqgan"].pivot(index="x", columns="seed", values="value")
        line = panel.line("SeqGAN")
        assert list(line.get_xdata()) == [0, 10, 20, 40] and values.shape == (4, 3)
        np.testing.assert_allclose(line.get_ydata(), values.mean(axis=1))
        half = stats.t.ppf(0.975, 2) * values.std(axis=1, ddof=1) / np.sqrt(3)
        band = panel.band(line)
        np.testing.assert_allclose([band[x][0] for x in values.index], values.mean(axis=1) - half)
        np.testing.assert_allclose([band[x][1] for x in values.index], values.mean(axis=1) + half)


def test_the_dashed_line_stands_where_pretraining_ends(table: Table, curves: dict[str, pd.DataFrame]) -> None:
    assert [panel.dashed for panel in panels(drawn(table, curves))] == [[20], [20]]


def test_a_run_that_failed_has_no_part_in_the_mean(table: Table, curves: dict[str, pd.DataFrame]) -> None:
    (panel, _) = panels(drawn(table, curves))
    points = curves["nll_oracle"]
    values = points[(points["label"] == "scheduled-sampling") & points["seed"].isin([0, 1])]
    np.testing.assert_allclose(panel.line("SS").get_ydata(), values.groupby("x")["value"].mean())


def test_the_headline_stands_alone_where_nothing_stands_beside_it(
    table: Table, curves: dict[str, pd.DataFrame]
) -> None:
    assert figures.metrics(table) == ["nll_oracle", "nll_test"]
    (axes,) = drawn(table, curves | {"nll_test": curves["nll_test"].iloc[:0]}).axes
    assert axes.get_ylabel() == "NLL_oracle" and Panel(axes).labels() == ARMS
    nothing = {name: points.iloc[:0] for name, points in curves.items()}
    assert figures.make_figure(table, nothing, paper()) is None and figures.draw(table, nothing, paper()) is None


def test_an_arm_without_a_curve_in_one_panel_stands_in_the_other(table: Table, curves: dict[str, pd.DataFrame]) -> None:
    """A generator without log_prob has no nll_test; each panel lacks an arm here."""
    absent = {"nll_oracle": "mle", "nll_test": "zz_new[k=1]"}
    figure = drawn(table, {metric: points[points["label"] != absent[metric]] for metric, points in curves.items()})
    assert [panel.labels() for panel in panels(figure)] == [ARMS[1:], ARMS[:-1]]
    assert ends(figure) == [set(ARMS[1:]), set(ARMS[:-1])]


def test_runs_that_the_table_leaves_out_are_not_drawn(table: Table, curves: dict[str, pd.DataFrame]) -> None:
    strangers = curves["nll_oracle"].assign(run_id="other", label="stranger")
    more = curves | {"nll_oracle": pd.concat([curves["nll_oracle"], strangers])}
    assert ends(drawn(table, more)) == [set(ARMS), set(ARMS)]
    assert figures.draw(table, more, paper()) == figures.draw(table, curves, paper())


def test_only_what_stands_in_the_column_is_drawn_and_the_mean_is_of_what_finished(
    shop: Any, framed: Callable[..., pd.DataFrame]
) -> None:
    def interrupted(label: str, seed: int) -> Record:
        journal = shop.start(shop.cell(label, seed))
        journal.append(Curve(x=0, phase="mle", scores={"nll_oracle": 20.0}))
        journal.append(Curve(x=10, phase="mle", scores={"nll_oracle": 30.0}))
        journal.append(Interrupted())
        return read_record(journal.folder)

    score = {"nll_oracle": 9.0}
    other = shop.done(shop.cell("scheduled-sampling"), score, signature="another")
    records = [other, shop.done(shop.cell("mle"), score), interrupted("mle", 1), interrupted("seqgan", 0)]
    (table,) = build_tables(framed(records), paper(), lambda run_id: pd.DataFrame(), {})
    (panel,) = panels(drawn(table, {"nll_oracle": curves_of(records, "nll_oracle")}))
    assert [(line.get_label(), line.get_linestyle(), list(line.get_ydata())) for line in panel.lines] == [
        ("MLE", ":", [20.0, 30.0]),
        ("MLE", "--", [11.0, 10.0, 9.0, 9.0]),
        ("SeqGAN", ":", [20.0, 30.0]),
    ]
    unfinished, finished, _ = panel.lines
    assert unfinished.get_zorder() > finished.get_zorder() and unfinished.get_color() == finished.get_color()
    assert panel.band(finished) == {x: (y, y) for x, y in zip((0, 10, 20, 40), (11.0, 10.0, 9.0, 9.0), strict=True)}


def test_a_curve_of_one_point_is_a_dot(shop: Any, framed: Callable[..., pd.DataFrame]) -> None:
    records = [shop.done(shop.cell("mle"), {"nll_oracle": 9.0})]
    (table,) = build_tables(framed(records), paper(), lambda run_id: pd.DataFrame(), {})
    points = curves_of(records, "nll_oracle")
    whole, single = (
        panels(drawn(table, {"nll_oracle": chosen}))[0].line("MLE") for chosen in (points, points[points["x"] == 0])
    )
    assert whole.get_marker() == single.get_marker() != "None" and list(single.get_ydata()) == [11.0]


def test_a_sample_corpus_is_named_in_the_picture(shop: Any, framed: Callable[..., pd.DataFrame]) -> None:
    sample = {"file": "sample-oracle", "sha256": "cd" * 32, "licence": "MIT", "kind": "sample"}
    records = [shop.done(shop.cell("mle"), {"nll_oracle": 9.0}, source=sample)]
    (table,) = build_tables(framed(records), paper(), lambda run_id: pd.DataFrame(), {})
    figure = drawn(table, {"nll_oracle": curves_of(records, "nll_oracle")})
    assert figure.get_suptitle() == "SAMPLE CORPUS"


def test_an_odd_label_is_no_mathematics(shop: Any, framed: Callable[..., pd.DataFrame]) -> None:
    records = [shop.done(shop.cell("$\\frac$_x", seed), {"nll_oracle": 9.0}) for seed in range(2)]
    (table,) = build_tables(framed(records), paper(), lambda run_id: pd.DataFrame(), {})
    curves = {"nll_oracle": curves_of(records, "nll_oracle")}
    figure = drawn(table, curves)
    assert ends(figure) == [{"$\\frac$_x"}] and not figure.axes[0].texts[0].get_parse_math()
    assert figures.draw(table, curves, paper()) is not None


def test_the_caption_says_what_is_shown(table: Table) -> None:
    assert figures.caption(table).startswith("Figure 2: NLL_oracle and NLL_test against generator epochs (")
    assert "synthetic data" in figures.caption(table)


def test_the_untrained_model_does_not_set_the_scale(table: Table, curves: dict[str, pd.DataFrame]) -> None:
    for axes, metric in zip(drawn(table, curves).axes, figures.metrics(table), strict=True):
        low, high = axes.get_ylim()
        points = curves[metric]
        trained = points["value"][points["x"] > 0]
        assert low < trained.min() and trained.max() < high < points["value"][points["x"] == 0].max()


def test_long_names_stand_on_several_lines() -> None:
    name = printed_name("seqgan[adversarial_steps=30,d_steps=1,discriminator_epochs=75,discriminator_updates=40,k=1]")
    folded = grids.folded(name)
    assert max(map(len, folded.split("\n"))) <= 40 and folded.replace("\n", " ") == name
    assert [grids.folded(short, 22) for short in ("random (uniform)", "MLE, temperature")] == [
        *("random (uniform)", "MLE, temperature")
    ]


def test_an_arm_has_one_colour_in_every_figure_and_its_variants_too() -> None:
    labels = ["mle", "seqgan", "seqgan[k=1]", "seqgan[k=2]", "mine", "other[a=1]"]
    many = [*paper().order, *(f"seqgan[k={k}]" for k in range(6)), *"abcde"]
    looks = figures.styles_of(many, paper()).values()
    assert len({(look.dash, look.marker) for look in looks}) == len(many), "colour is never the only difference"
    styles = figures.styles_of(labels, paper())
    assert figures.styles_of(["seqgan[k=2]", "mle"], paper())["mle"] == styles["mle"]
    assert len({styles[label].colour for label in labels if label.startswith("seqgan")}) == 1
    assert len(set(styles.values())) == len(labels)
    shipped = figures.styles_of(list(paper().order), paper())
    assert len({shipped[label] for label in paper().order}) == len(paper().order)
    assert all(look.dash != figures.UNFINISHED for look in (*styles.values(), *shipped.values()))


@pytest.mark.parametrize(("width", "shape"), [(figures.WIDE, (6.9, 2)), (figures.NARROW, (3.3, 1))])
def test_a_figure_has_the_width_of_a_paper(
    table: Table, curves: dict[str, pd.DataFrame], width: float, shape: tuple[float, int]
) -> None:
    figure = figures.make_figure(table, curves, paper(), width)
    assert figure is not None and figure.get_figwidth() == shape[0]
    assert len({round(axes.get_position().x0, 3) for axes in figure.axes}) == shape[1]
    box = figure.get_tightbbox()
    assert box.x0 >= 0 and box.x1 <= width, "no name is cut off"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW])
@pytest.mark.parametrize(("arms", "at_ends"), [(3, True), (8, True), (20, False)])
def test_many_arms_have_names_that_overlap_nothing(
    shop: Any, framed: Callable[..., pd.DataFrame], width: float, arms: int, at_ends: bool
) -> None:
    labels = [f"arm-{n}[knob_of_a_long_name={n}]" if n % 2 else f"arm-{n}" for n in range(arms)]
    score = {"nll_oracle": 9.0, "nll_test": 8.0}
    records = [shop.done(shop.cell(label), score) for label in labels]
    (table,) = build_tables(framed(records), paper(), lambda run_id: pd.DataFrame(), {})
    curves = {metric: curves_of(records, metric) for metric in score}
    figure = figures.make_figure(table, curves, paper(), width)
    assert figure is not None and len(figure.axes) == 2
    figure.draw_without_rendering()
    assert [bool(names) for names in ends(figure)] == [at_ends, at_ends]
    named = {text.split(":")[-1].replace("\n", " ").strip() for text in legend(figure)}
    wanted = {printed_name(label) for label in labels if not at_ends or "[" in label}
    assert named == wanted, "a legend names all lines that have no whole name at their ends"
    boxes = [Text.get_window_extent(text) for axes in figure.axes for text in axes.texts]
    boxes += [found.get_window_extent() for found in figure.legends]
    boxes += [axes.xaxis.label.get_window_extent() for axes in figure.axes]
    assert not [(one, other) for one, other in combinations(boxes, 2) if one.shrunk(0.97, 0.97).overlaps(other)]
    right, top = figure.bbox.width, figure.bbox.height
    assert all(box.x0 >= -1 and box.x1 <= right + 1 and box.y0 >= -1 and box.y1 <= top + 1 for box in boxes)
    assert all(axes.bbox.height / figure.dpi > 1.5 for axes in figure.axes), "panels keep their height, in inches"
    looks = {(line.get_linestyle(), line.get_marker()) for line in Panel(figure.axes[0]).lines}
    assert len(looks) == arms, "colour is never the only difference"


def test_a_long_name_is_short_at_the_end_of_its_line_and_whole_in_the_legend(
    shop: Any, framed: Callable[..., pd.DataFrame]
) -> None:
    labels = ["seqgan", "seqgan[discriminator_epochs=75]", "seqgan[discriminator_epochs=80]"]
    records = [shop.done(shop.cell(label), {"nll_oracle": 9.0}) for label in labels]
    (table,) = build_tables(framed(records), paper(), lambda run_id: pd.DataFrame(), {})
    figure = drawn(table, {"nll_oracle": curves_of(records, "nll_oracle")})
    assert ends(figure) == [{"SeqGAN", "SeqGAN a", "SeqGAN b"}]
    told = [f"SeqGAN {letter}: {printed_name(label)}" for letter, label in zip("ab", labels[1:], strict=True)]
    assert [text.replace("\n", " ") for text in legend(figure)] == told
    many = [f"seqgan[discriminator_epochs={count}]" for count in range(40)]
    assert len(set(figures.short_names(many, paper()).values())) == 40
