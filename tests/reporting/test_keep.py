"""reports/results/keep.py: the page that names a plan's missing runs and its wide intervals."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy import stats

from bench.contracts.metric import Score
from bench.planning.cell import Cell
from bench.records import plans as kept_plans
from bench.records.events import Done
from bench.records.journal import Journal
from bench.records.plans import Entry
from bench.records.runs import RunsFolder

VALUES = (1.00, 1.02, 1.13)


@pytest.fixture(scope="module")
def keep() -> ModuleType:
    file = Path(__file__).parent.parent.parent / "reports" / "results" / "keep.py"
    spec = importlib.util.spec_from_file_location("keep", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def runs(make_cell: Callable[..., Cell], tmp_path: Path) -> RunsFolder:
    """A plan of five seeds of a row: three are done, one did not begin, one has no folder. Another plan has one."""
    cells = [make_cell(seed=seed) for seed in range(5)]
    for cell, value in zip(cells, VALUES, strict=False):
        score = Score(value=value, better="lower", signature="forward_kl")
        Journal(tmp_path / "runs" / cell.id).append(Done(scores={"forward_kl": score}, seconds=1, hypotheses=9))
    lost = Entry(label="ours", dataset=cells[4].dataset_label, seed=4)
    entries = {cell.id: Entry(label="ours") for cell in cells[:4]} | {"f" * 16: lost}
    kept_plans.write("mine", entries, tmp_path / "runs")
    kept_plans.write("other", {cells[0].id: Entry()}, tmp_path / "runs")
    return RunsFolder(tmp_path / "runs")


def test_missing_seeds_and_wide_intervals_are_named(keep: ModuleType, runs: RunsFolder) -> None:
    (row,) = keep.rows(runs, "mine")
    assert (row.label, row.finished, row.missing) == ("ours", (0, 1, 2), (3, 4))
    page = list(keep.lines("mine", [row]))
    assert "3 of 5 runs are finished. No value of a missing run is guessed.\n" in page
    assert f"| {row.dataset} | ours | 0, 1, 2 | 3, 4 |" in page
    low, high = stats.t.interval(0.95, 2, loc=np.mean(VALUES), scale=stats.sem(VALUES))
    assert keep.half_width(VALUES) == pytest.approx((high - low) / 2)
    (wide,) = [line for line in page if "forward_kl" in line]
    assert wide == f"| {row.dataset} | ours | forward_kl | 3 | {(high - low) / 2:.3f} | {keep.enough(VALUES)} |"


def test_so_many_seeds_of_this_spread_do_and_no_fewer(keep: ModuleType) -> None:
    n, spread = keep.enough(VALUES), np.std(VALUES, ddof=1)
    widths = [stats.t.ppf(0.975, count - 1) * spread / count**0.5 for count in (n - 1, n)]
    assert widths[1] <= keep.ASKED < widths[0] and keep.enough((0.0, 100.0)) is None


def test_one_seed_has_no_interval_and_equal_values_have_no_width(keep: ModuleType) -> None:
    alone, equal = (
        keep.Row("oracle", label, (0,), (), {"forward_kl": kl}) for label, kl in (("a", [1.0]), ("b", [2, 2]))
    )
    page = list(keep.lines("mine", [alone, equal]))
    assert "| oracle | a | forward_kl | 1 | - | - |" in page and not [
        line for line in page if "| b | forward_kl" in line
    ]
