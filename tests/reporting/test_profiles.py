"""Profiles from the journal to the picture: kept, tracked, drawn, written as CSV."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.records.encoding import project
from bench.records.journal import Record
from bench.records.plans import Entry
from bench.records.tracker import Tracker
from bench.reporting import profiles
from bench.reporting.build import build_tables
from bench.reporting.paper import paper
from bench.reporting.table import Table
from bench.reporting.write import write_report

LENGTH = 5


def of_seed(seed: int) -> dict[str, list[float | None]]:
    return {
        "exposure_bias": [0.0, *(0.1 * t + 0.01 * seed for t in range(1, LENGTH))],
        "tv": [0.1 * t for t in range(1, LENGTH + 1)],
        "calibration_q": [0.7, None, 0.2, 0.1],
        "calibration_p": [0.6, None, 0.2 + 0.1 * seed, 0.05],
        "entropy_p": [2.0 + 0.1 * t for t in range(LENGTH)],
        "entropy_q": [1.0 + 0.1 * t + 0.03 * seed for t in range(LENGTH)],
        "precision": [0.1, 0.5, 0.9],
        "recall": [0.95, 0.5 + 0.1 * seed, 0.2],
    }


@pytest.fixture
def records(shop: Any) -> list[Record]:
    scores = {"exact_forward_kl": 0.5, "exposure_bias": 0.2, "tv": 0.5, "calibration_gap": 0.1}
    scores |= {"entropy_gap": 0.3, "precision": 0.5, "bayes_accuracy": 0.75}
    return [
        shop.done(shop.cell(label, seed, "markov"), scores, curve=False, profiles=of_seed(seed))
        for label in ("mle", "seqgan")
        for seed in range(3)
    ]


@pytest.fixture
def table(records: list[Record], framed: Callable[..., pd.DataFrame]) -> Table:
    return build_tables(framed(records), paper(), lambda run_id: pd.DataFrame(), {})[0]


def tracked(records: list[Record]) -> dict[str, pd.DataFrame]:
    """Return profiles as Tracker.profiles does."""
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in (*profiles.NAMES, *profiles.TRAINED)}
    for record in records:
        if record.cell.label == "seqgan":
            who = (str(record.folder), "markov", "seqgan", record.cell.seed)
            rows["held_out_accuracy"] += [(*who, x, 0.6 + 0.01 * x + 0.02 * record.cell.seed) for x in (1, 2, 3)]
    for record in records:
        for point in project(record, "quick", Entry(tags={})).points:
            kind, _, name = point.key.partition("/")
            if kind == "profile":
                rows[name].append(
                    (str(record.folder), "markov", record.cell.label, record.cell.seed, point.step, point.value)
                )
    columns = ["run_id", "dataset", "label", "seed", "x", "value"]
    return {name: pd.DataFrame(found, columns=columns) for name, found in rows.items()}


def test_a_journal_gives_back_the_profiles_it_was_given(records: list[Record]) -> None:
    assert records[1].done is not None and records[1].done.profiles == of_seed(1)
    points = {(p.key, p.step): p.value for p in project(records[1], "quick", Entry(tags={})).points}
    assert points["profile/exposure_bias", 3] == pytest.approx(0.21)
    assert ("profile/calibration_q", 2) not in points and points["profile/calibration_q", 3] == 0.2


def lines_of(table: Table, records: list[Record]) -> list[dict[str, Any]]:
    """Return the lines of each panel: label -> (xs, ys); the dotted ones are under "dotted"."""
    figure = profiles.make_figure(table, tracked(records), paper())
    assert figure is not None
    return [
        {
            "dotted" if line.get_linestyle() == ":" else line.get_label(): (
                list(line.get_xdata()),
                list(line.get_ydata()),
            )
            for line in axes.lines
        }
        for axes in figure.axes
    ]


def test_the_lines_are_means_over_seeds(table: Table, records: list[Record]) -> None:
    drift, tv, entropy, calibration, curve, discriminator = lines_of(table, records)
    for panel in (drift, tv, entropy, calibration, curve):
        assert {"MLE", "SeqGAN"} <= set(panel) and panel["MLE"] == panel["SeqGAN"]
    assert drift["MLE"][0] == [1, 2, 3, 4, 5] and drift["MLE"][1] == pytest.approx([0, 0.11, 0.21, 0.31, 0.41])
    assert tv["MLE"][1] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert entropy["MLE"][1] == pytest.approx([1.03, 1.13, 1.23, 1.33, 1.43])
    assert entropy["dotted"][1] == pytest.approx([2, 2.1, 2.2, 2.3, 2.4])
    assert calibration["MLE"] == (pytest.approx([0.7, 0.2, 0.1]), pytest.approx([0.6, 0.3, 0.05]))
    assert curve["MLE"] == (pytest.approx([0.95, 0.6, 0.2]), pytest.approx([0.1, 0.5, 0.9]))
    assert "MLE" not in discriminator and discriminator["SeqGAN"] == ([1, 2, 3], pytest.approx([0.63, 0.64, 0.65]))
    assert discriminator["dotted"][1] == [0.75, 0.75]


def test_without_a_discriminator_its_panel_is_empty(table: Table, records: list[Record]) -> None:
    found = tracked(records)
    found["held_out_accuracy"] = found["held_out_accuracy"].iloc[:0]
    figure = profiles.make_figure(table, found, paper())
    assert figure is not None and not figure.axes[-1].axison and not figure.axes[-1].lines


def test_the_same_bytes_whatever_the_order(table: Table, records: list[Record]) -> None:
    found = tracked(records)
    shuffled = {name: points.sample(frac=1, random_state=3) for name, points in found.items()}
    first = profiles.draw(table, found, paper())
    assert first is not None and first == profiles.draw(table, shuffled, paper())
    assert first["pdf"].startswith(b"%PDF") and first["png"].startswith(b"\x89PNG")
    assert b"/Type3" not in first["pdf"]


def test_nothing_is_drawn_where_no_oracle_is_known(table: Table, records: list[Record]) -> None:
    empty = {name: points.iloc[:0] for name, points in tracked(records).items()}
    assert profiles.draw(table, empty, paper()) is None


def test_the_report_holds_the_picture_and_its_points(records: list[Record], store: str, tmp_path: Any) -> None:
    tracker = Tracker(store)
    for index, record in enumerate(records):
        tracker.project(record, "quick", Entry(tags={"preset": "quick"}, asked=index))
    paths, _ = write_report(tracker, None, tmp_path / "out")
    names = {path.name for path in paths}
    assert {"table-markov-profiles.png", "table-markov-profiles.pdf", "profiles.csv"} <= names
    kept = pd.read_csv(io.StringIO((tmp_path / "out" / "profiles.csv").read_text()))
    one = kept[(kept["metric"] == "exposure_bias") & (kept["label"] == "seqgan") & (kept["seed"] == 2)]
    np.testing.assert_allclose(one.sort_values("x")["value"], of_seed(2)["exposure_bias"])
    assert "s mean probability" in (tmp_path / "out" / "index.html").read_text()
