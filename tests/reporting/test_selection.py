"""A report of some arms, some metrics and several plans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench.cli.main import bench
from bench.contracts.errors import BenchError
from bench.records.plans import Entry
from bench.records.tracker import Tracker
from bench.reporting.selection import Selection, listed, selected
from bench.reporting.write import write_report


@pytest.fixture
def tracker(shop: Any, store: str) -> Tracker:
    """Plan `one` has real, mle and seqgan; plan `two` has the same mle, under another name too, and ngram."""
    tracker = Tracker(store)
    made = {
        label: shop.done(shop.cell(label), {"nll_oracle": 9.0, "nll_test": 8.0})
        for label in ("real", "mle", "seqgan", "ngram")
    }
    plans = {"one": ("real", "mle", "seqgan"), "two": ("mle", "ngram")}
    for place, (plan, label) in enumerate((plan, label) for plan, labels in plans.items() for label in labels):
        tracker.project(made[label], plan, Entry(tags={"preset": "quick"}, asked=place))
    return tracker


def rows(tracker: Tracker, plan: str | None, **chosen: Any) -> set[tuple[str, str]]:
    frame = selected(tracker, plan, Selection(**chosen))
    return set(zip(frame["label"], frame["metric"], strict=True))


def test_arms_and_metrics_are_chosen_and_real_stays(tracker: Tracker) -> None:
    assert rows(tracker, "one", arms=("mle",), metrics=("nll_test",)) == {("real", "nll_test"), ("mle", "nll_test")}
    assert len(rows(tracker, "one")) == 6


def test_several_plans_are_one_report_and_a_cell_counts_once(tracker: Tracker, tmp_path: Path) -> None:
    frame = selected(tracker, "one", Selection(more=("two",)))
    assert sorted(frame["label"]) == sorted(["real", "mle", "seqgan", "ngram"] * 2)
    assert set(frame["plan"][frame["label"] == "mle"]) == {"two"}, "as the plan that asked last has it"
    _, (table,) = write_report(tracker, "one", tmp_path, selection=Selection(more=("two",)))
    assert {row.label for row in table.rows} == {"real", "mle", "seqgan", "ngram"}
    curves = (tmp_path / "curves.csv").read_text()
    assert all(f"oracle,{label}," in curves for label in ("mle", "seqgan", "ngram"))


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"arms": ("mel",)}, "unknown row 'mel'; did you mean 'mle'"),
        ({"metrics": ("nll_tset",)}, "unknown metric 'nll_tset'; did you mean 'nll_test'"),
        ({"more": ("tow",)}, "unknown plan 'tow'; did you mean 'two'"),
    ],
)
def test_a_name_that_is_not_there_is_refused(tracker: Tracker, chosen: Any, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        rows(tracker, "one", **chosen)


def test_commas_in_brackets_divide_nothing() -> None:
    assert listed("mle, seqgan[k=1,l2=0],") == ("mle", "seqgan[k=1,l2=0]") and listed(None) == ()


def test_the_command_shows_what_is_chosen(tracker: Tracker, tmp_path: Path) -> None:
    words = ["report", "--tracking-uri", tracker.uri, "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(bench, [*words, "--plans", "one,two", "--arms", "mle,ngram", "--metrics", "nll_test"])
    assert result.exit_code == 0, result.exception
    page = (tmp_path / "out" / "one+two" / "table1.md").read_text()
    assert "n-gram (Kneser-Ney)" in page and "| SeqGAN |" not in page and "NLL\\_oracle ↓" not in page
    refused = CliRunner().invoke(bench, [*words, "--plan", "one", "--plans", "two"])
    assert str(refused.exception) == "--plan and --plans: give one of them"
    whole = CliRunner().invoke(bench, [*words, "--plan", "two", "--published"])
    assert whole.exit_code == 0 and "PG-BLEU" in (tmp_path / "out" / "two" / "table1.md").read_text()
