"""Check what reports/results/README.md says about p over seeds against the values committed beside it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from bench.judging.statistics import holm, permutation, welch

HOUSE = Path(__file__).parent.parent.parent
CONTROLS = ("constant-reward", "random-reward", "pg-bleu")
PRE_TRAINING = 120  # epochs


def test_the_p_of_the_control_arms_is_adjusted_for_all_comparisons_that_were_made() -> None:
    curves = pd.read_csv(HOUSE / "reports" / "results" / "official-oracle" / "curves.csv")
    lean = next(label for label in set(curves["label"]) if label.startswith("seqgan[adversarial_steps=60"))
    values = curves.groupby(["label", "metric", "x"])["value"].apply(list)
    asked = [
        ((lean, metric, PRE_TRAINING + steps), (control, metric, PRE_TRAINING + steps))
        for metric in ("nll_oracle", "nll_test")
        for steps in (30, 60)
        for control in CONTROLS
    ]
    by_welch = [welch(values[ours], values[theirs]) for ours, theirs in asked]
    by_permutation = [permutation(values[ours], values[theirs]) for ours, theirs in asked]
    least, after = min(by_welch), min(holm(by_welch))
    assert len(asked) == 12 and asked[by_welch.index(least)][1] == ("random-reward", "nll_oracle", PRE_TRAINING + 60)
    assert (least, after) == (pytest.approx(0.0014, abs=5e-5), pytest.approx(0.017, abs=5e-4))
    assert min(by_permutation) == pytest.approx(1 / 84) and min(holm(by_permutation)) == pytest.approx(0.14, abs=5e-3)
    told = " ".join((HOUSE / "reports" / "results" / "README.md").read_text(encoding="utf-8").split())
    assert "p = .0014, the smallest of twelve such comparisons" in told and "so .017 after Holm" in told
