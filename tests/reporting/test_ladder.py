"""The ladder: which tables make one, what is drawn, and what the report writes of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from bench.records.journal import Record
from bench.records.plans import Entry
from bench.records.tracker import Tracker
from bench.reporting.build import build_tables
from bench.reporting.ladder import Ladder, draw, ladders, make_figure, to_csv
from bench.reporting.paper import paper
from bench.reporting.table import Table
from bench.reporting.write import write_report

ARMS = ("mle", "seqgan")


@pytest.fixture
def make(shop: Any, framed: Callable[..., pd.DataFrame]) -> Callable[..., list[Table]]:
    """Return the tables of some datasets; an arm's value is 1 / its place in the list, plus .01 a seed."""

    def make(*datasets: str) -> list[Table]:
        return build_tables(framed(records(shop, *datasets)), paper(), lambda run_id: pd.DataFrame(), {})

    return make


def records(shop: Any, *datasets: str) -> list[Record]:
    made = []
    for place, dataset in enumerate(datasets, 1):
        for label in ("real", *ARMS):
            for seed in range(1 if label == "real" else 3):
                value = 0.0 if label == "real" else (1 + ARMS.index(label)) / place + 0.01 * seed
                scores = {"nll_test": 9.0, "exact_forward_kl": value}
                made.append(shop.done(shop.cell(label, seed, dataset), scores, curve=False))
    return made


def test_the_knob_of_most_values_is_climbed_and_the_others_make_panels(make: Callable[..., list[Table]]) -> None:
    sizes = (64, 1024, 256)
    names = [f"markov[train={size},words={words}]" for size in sizes for words in (12, 6)]
    found = ladders(make(*names, "markov", "oracle", "enumerable[train=64]"))
    assert [(one.title, one.knob) for one in found] == [("markov, words = 6", "train"), ("markov, words = 12", "train")]
    assert [[x for x, _ in one.rungs] for one in found] == [[64, 256, 1024]] * 2
    assert found[0].rungs[1][1].dataset == "markov[train=256,words=6]"
    assert found[0].column.metric == "exact_forward_kl", "what the tables test, not the first column"


@pytest.mark.parametrize(
    "names",
    [
        ("markov", "oracle"),
        ("markov[train=64]", "enumerable[train=128]"),
        ("coco[files=gfs]", "coco[files=texygen]"),
        ("markov[train=64,words=6]", "markov[train=128]"),
    ],
)
def test_other_datasets_make_none(names: tuple[str, ...], make: Callable[..., list[Table]]) -> None:
    assert ladders(make(*names)) == []


@pytest.fixture
def ladder(make: Callable[..., list[Table]]) -> Ladder:
    (found,) = ladders(make("markov[train=64]", "markov[train=256]", "markov[train=1024]"))
    return found


def test_an_arm_has_its_mean_at_each_rung_and_the_oracle_no_line(ladder: Ladder) -> None:
    figure = make_figure([ladder], paper())
    (axes,) = figure.axes
    drawn = {line.get_label(): [*map(list, line.get_data())] for line in axes.lines}
    assert set(drawn) == {"MLE", "SeqGAN"}
    assert drawn["SeqGAN"][0] == [64, 256, 1024]
    assert drawn["SeqGAN"][1] == pytest.approx([2.01, 1.01, 2 / 3 + 0.01])
    assert drawn["MLE"][1] == pytest.approx([1.01, 0.51, 1 / 3 + 0.01])
    band = next(one for one in axes.collections if len(one.get_paths()[0].vertices) > 3)
    low, high = ladder.rungs[0][1].rows[1].scores["exact_forward_kl"].mean, 0.01 * 4.302653 / 3**0.5
    assert low is not None
    ys = [y for _, y in band.get_paths()[0].vertices if abs(y - low) <= 1.01 * high]
    assert min(ys) == pytest.approx(low - high, rel=1e-4) and max(ys) == pytest.approx(low + high, rel=1e-4)
    assert axes.get_xscale() == "log" and axes.get_xlabel() == "train"
    assert [text.get_text() for text in axes.get_xticklabels()] == ["64", "256", "1,024"]


def test_the_points_are_written_with_all_digits(ladder: Ladder) -> None:
    lines = list(csv.DictReader(io.StringIO(to_csv([ladder]))))
    assert len(lines) == 3 * 3
    (one,) = (line for line in lines if line["label"] == "mle" and line["x"] == "256.0")
    assert (one["dataset"], one["knob"], one["metric"], one["runs"]) == (
        "markov[train=256]",
        "train",
        "exact_forward_kl",
        "3",
    )
    assert float(one["mean"]) == pytest.approx(0.51, abs=1e-12) and float(one["low"]) < 0.51 < float(one["high"])


def test_the_same_values_are_the_same_files(ladder: Ladder) -> None:
    first, again = draw([ladder, ladder, ladder], paper()), draw([ladder, ladder, ladder], paper())
    assert first == again and first["pdf"].startswith(b"%PDF") and first["png"].startswith(b"\x89PNG")


def test_the_report_of_a_plan_with_a_ladder_holds_it(shop: Any, store: str, tmp_path: Any) -> None:
    tracker = Tracker(store)
    for record in records(shop, "markov[train=64]", "markov[train=256]"):
        tracker.project(record, "quick", Entry(tags={"preset": "quick"}))
    paths, _ = write_report(tracker, "quick", tmp_path / "out")
    assert {"ladder.pdf", "ladder.png", "ladder.csv"} <= {path.name for path in paths}
    assert "against train of the dataset" in (tmp_path / "out" / "index.html").read_text()
