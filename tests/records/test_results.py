"""bench.load_results: a row for each score, from the journals alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench import BenchError, load_results
from bench.contracts.metric import Score
from bench.planning.cell import Cell
from bench.records import plans as kept_plans
from bench.records.events import Done, Failed
from bench.records.journal import Journal
from bench.records.plans import Entry
from bench.records.results import COLUMNS

SCORES = {
    "ones": Score(value=0.5, better="higher", signature="ones|version:1", bound="lower"),
    "nll_test": Score(value=None, better="lower", signature="nll_test"),
}


@pytest.fixture
def runs(make_cell: Callable[..., Cell], tmp_path: Path) -> Path:
    """One cell is done, one failed, one did not begin; a plan holds the first two, under names of its own."""
    done, failed, _ = (make_cell(seed=seed) for seed in range(3))
    Journal(tmp_path / "runs" / done.id).append(Done(scores=SCORES, seconds=2.5, hypotheses=30))
    Journal(tmp_path / "runs" / failed.id).append(Failed(error="Tiny: no luck"))
    kept_plans.write("mine", {failed.id: Entry(label="ours"), done.id: Entry()}, tmp_path / "runs")
    return tmp_path / "runs"


def test_each_score_is_a_row(runs: Path) -> None:
    frame = load_results(runs)
    assert tuple(frame.columns) == COLUMNS and len(frame) == 4
    done = frame[frame["status"] == "done"].set_index("metric")
    assert done["value"].dropna().to_dict() == {"ones": 0.5} and set(done.index) == {"ones", "nll_test"}
    assert set(done["signature"]) == {"ones|version:1", "nll_test"} and set(done["better"]) == {"higher", "lower"}
    assert done["bound"].dropna().to_dict() == {"ones": "lower"}
    assert set(done["samples"]) == {30} and set(done["seconds"]) == {2.5} and set(done["seed"]) == {0}
    assert set(frame["dataset"]) == {"Words"} and set(frame["baseline"]) == {"Tiny"}


def test_a_cell_without_scores_is_a_row_with_its_status(runs: Path) -> None:
    frame = load_results(runs).set_index("status")
    assert frame.loc["failed", "error"] == "Tiny: no luck" and frame.loc["pending", "seed"] == 2
    assert frame.loc[["failed", "pending"], ["metric", "value", "signature"]].isna().all(axis=None)


def test_a_plan_has_its_own_cells_names_and_order(runs: Path) -> None:
    frame = load_results(str(runs), plan="mine")
    assert list(frame["status"]) == ["failed", "done", "done"] and list(frame["baseline"]) == ["ours", "Tiny", "Tiny"]


def test_what_is_not_there_is_refused(runs: Path) -> None:
    with pytest.raises(BenchError, match=r"unknown plan in .*runs 'mime'; did you mean 'mine'"):
        load_results(runs, plan="mime")
    with pytest.raises(BenchError, match=r"no runs folder .*nowhere"):
        load_results(runs / "nowhere")


def test_damaged_cells_are_rows_with_what_is_wrong(runs: Path) -> None:
    frame = load_results(runs)
    done, failed = (frame[frame["status"] == status]["cell"].iloc[0] for status in ("done", "failed"))
    (runs / done / "journal.jsonl").write_text('{"event": "done"}\n')
    (runs / failed / "cell.json").write_text("{")
    damaged = load_results(runs, plan="mine").set_index("cell")
    assert set(damaged["status"]) == {"damaged"}
    assert damaged.loc[done, "error"].startswith("journal.jsonl, line 1: done: ")
    assert "cell.json is damaged" in damaged.loc[failed, "error"]
