"""Learning curves as pictures: the same bytes for the same runs, and the line where pre-training ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
    assert b"CreationDate" not in first["pdf"]


def test_lines_bands_and_the_end_of_pretraining(
    table: Table, curves: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[tuple[str, Any, Any]] = []
    dashed: list[int] = []
    plot = Axes.plot

    def spy(self: Axes, xs: Any, ys: Any, *rest: Any, **more: Any) -> Any:
        lines.append((more["label"], xs, ys))
        return plot(self, xs, ys, *rest, **more)

    monkeypatch.setattr(Axes, "plot", spy)
    monkeypatch.setattr(Axes, "axvline", lambda self, x, **style: dashed.append(x))
    figures.draw(table, curves, paper())

    assert [label for label, _, _ in lines] == 2 * ["MLE", "SS", "SeqGAN", "constant reward", "zz_new [k=1]"]
    points = curves["nll_oracle"]
    means = points[points["label"] == "seqgan"].groupby("x")["value"].mean()
    label, xs, ys = lines[2]
    assert (label, list(xs)) == ("SeqGAN", [0, 10, 20, 40])
    np.testing.assert_allclose(ys, means)
    assert dashed == [20, 20]


def test_the_headline_stands_alone_where_nothing_stands_beside_it(
    table: Table, curves: dict[str, pd.DataFrame]
) -> None:
    assert figures.metrics(table) == ["nll_oracle", "nll_test"]
    assert figures.draw(table, curves | {"nll_test": curves["nll_test"].iloc[:0]}, paper()) is not None
    assert figures.draw(table, {name: points.iloc[:0] for name, points in curves.items()}, paper()) is None


def test_an_arm_without_a_curve_in_one_panel_stands_in_the_other(
    table: Table, curves: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A generator without log_prob has no nll_test; each panel lacks an arm here, the legend none."""
    lines: list[str] = []
    legends: list[list[str]] = []
    plot, legend = Axes.plot, Figure.legend

    def plot_spy(self: Axes, *values: Any, **more: Any) -> Any:
        lines.append(more["label"])
        return plot(self, *values, **more)

    def legend_spy(self: Figure, **more: Any) -> Any:
        made = legend(self, **more)
        legends.append([text.get_text() for text in made.get_texts()])
        return made

    monkeypatch.setattr(Axes, "plot", plot_spy)
    monkeypatch.setattr(Figure, "legend", legend_spy)
    absent = {"nll_oracle": "mle", "nll_test": "zz_new[k=1]"}
    partial = {metric: points[points["label"] != absent[metric]] for metric, points in curves.items()}
    assert figures.draw(table, partial, paper()) is not None
    assert lines == ["SS", "SeqGAN", "constant reward", "zz_new [k=1]", "MLE", "SS", "SeqGAN", "constant reward"]
    assert legends == [["MLE", "SS", "SeqGAN", "constant reward", "zz_new [k=1]"]]


def test_runs_that_the_table_leaves_out_are_not_drawn(table: Table, curves: dict[str, pd.DataFrame]) -> None:
    strangers = curves["nll_oracle"].assign(run_id="other", label="stranger")
    more = curves | {"nll_oracle": pd.concat([curves["nll_oracle"], strangers])}
    assert figures.draw(table, more, paper()) == figures.draw(table, curves, paper())


def test_only_what_stands_in_the_column_is_drawn_and_the_mean_is_of_what_finished(
    shop: Any, framed: Callable[..., pd.DataFrame], monkeypatch: pytest.MonkeyPatch
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
    lines: list[tuple[str, str, list[float]]] = []
    above: dict[str, float] = {}
    plot = Axes.plot

    def spy(self: Axes, xs: Any, ys: Any, style: str, **more: Any) -> Any:
        lines.append((more["label"], style, list(ys)))
        above[style] = more["zorder"]
        return plot(self, xs, ys, style, **more)

    monkeypatch.setattr(Axes, "plot", spy)
    assert figures.draw(table, {"nll_oracle": curves_of(records, "nll_oracle")}, paper()) is not None
    assert above[":"] > above["-"]
    assert lines == [
        ("MLE", ":", [20.0, 30.0]),
        ("MLE", "-", [11.0, 10.0, 9.0, 9.0]),
        ("SeqGAN", ":", [20.0, 30.0]),
    ]


def test_an_odd_label_is_no_mathematics(shop: Any, framed: Callable[..., pd.DataFrame]) -> None:
    records = [shop.done(shop.cell("$\\frac$_x", seed), {"nll_oracle": 9.0}) for seed in range(2)]
    (table,) = build_tables(framed(records), paper(), lambda run_id: pd.DataFrame(), {})
    assert figures.draw(table, {"nll_oracle": curves_of(records, "nll_oracle")}, paper()) is not None


def test_the_caption_says_what_is_shown(table: Table) -> None:
    assert figures.caption(table).startswith("Figure 2: NLL_oracle and NLL_test against generator epochs (")
    assert "synthetic data" in figures.caption(table)


def test_the_untrained_model_does_not_set_the_scale(
    table: Table, curves: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Figure] = []

    def keep(figure: Figure, kind: str) -> bytes:
        drawn.append(figure)
        return b""

    monkeypatch.setattr(figures, "_bytes", keep)
    figures.draw(table, curves, paper())
    for axes, metric in zip(drawn[0].axes, figures.metrics(table), strict=True):
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
    assert len(set(figures._styles(many, paper()).values())) == len(many)
    styles = figures._styles(labels, paper())
    assert figures._styles(["seqgan[k=2]", "mle"], paper())["mle"] == styles["mle"]
    assert len({styles[label][0] for label in labels if label.startswith("seqgan")}) == 1
    assert len(set(styles.values())) == len(labels)
    shipped = figures._styles(list(paper().order), paper())
    assert len({shipped[label] for label in paper().order}) == len(paper().order)
    assert all(dash != figures.UNFINISHED for _, dash in (*styles.values(), *shipped.values()))
