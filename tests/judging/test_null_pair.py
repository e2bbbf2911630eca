"""The type-I errors of the printed tests on runs whose labels are exchanged."""

from __future__ import annotations

import numpy as np
import pytest

from bench.contracts.errors import BenchError
from bench.judging.null_pair import of_runs
from bench.judging.over_seeds import Arm

RNG = np.random.default_rng(5)
BLOCKS = RNG.normal(0, 5, 60)
KEYS = {seed: f"start {seed}" for seed in range(60)}


def arm(shift: float = 0.0, starts: dict[int, str] | None = None) -> Arm:
    """Return 60 runs around the blocks; the shift is a true difference of the arms."""
    return Arm(dict(enumerate(BLOCKS + shift + RNG.normal(0, 1, 60))), starts or {})


@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_exchanged_labels_keep_five_percent_even_if_the_arms_differ(shift: float) -> None:
    rates = list(of_runs(arm(0, KEYS), arm(shift, KEYS), (8,), 1000))
    assert [rate.test for rate in rates] == ["paired t", "sign flip"]
    assert all(rate.rate <= 0.07 and rate.values == "60 seeds, one start each" for rate in rates)
    assert all(rate.rate > 0.01 for rate in rates)


def test_arms_without_common_starts_are_mixed() -> None:
    rates = list(of_runs(arm(), arm(), (5,), 1000))
    assert [rate.test for rate in rates] == ["p (seeds), Welch", "p (seeds), permutation"]
    assert all(rate.rate <= 0.07 and rate.values == "120 runs" for rate in rates)


def test_the_same_studies_each_time_and_too_few_runs_are_refused() -> None:
    one, other = arm(0, KEYS), arm(0, KEYS)
    assert list(of_runs(one, other, (5,), 100)) == list(of_runs(one, other, (5,), 100))
    with pytest.raises(BenchError, match="have 60 in common"):
        list(of_runs(one, other, (61,), 100))
