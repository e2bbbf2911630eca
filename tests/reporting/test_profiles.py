"""Profiles from the journal to the picture: kept, tracked, drawn, written as CSV."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

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
    }


@pytest.fixture
def records(shop: Any) -> list[Record]:
    scores = {"exact_forward_kl": 0.5, "exposure_bias": 0.2, "tv": 0.5, "calibration_gap": 0.1}
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
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in profiles.NAMES}
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


def test_the_lines_are_means_over_seeds(table: Table, records: list[Record], monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[tuple[str, Any, Any]] = []
    plot = Axes.plot

    def spy(self: Axes, xs: Any, ys: Any, *rest: Any, **more: Any) -> Any:
        lines.append((more["label"], list(xs), list(ys)))
        return plot(self, xs, ys, *rest, **more)

    monkeypatch.setattr(Axes, "plot", spy)
    assert profiles.draw(table, tracked(records), paper()) is not None
    assert [label for label, _, _ in lines] == 3 * ["MLE", "SeqGAN"]
    drift, tv, calibration = lines[::2]
    assert drift[1] == [1, 2, 3, 4, 5] and drift[2] == pytest.approx([0, 0.11, 0.21, 0.31, 0.41])
    assert tv[2] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert calibration[1] == pytest.approx([0.7, 0.2, 0.1]) and calibration[2] == pytest.approx([0.6, 0.3, 0.05])


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
    assert "oracle&#39;s mean probability" in (tmp_path / "out" / "index.html").read_text()
