"""Verdicts, and the seeds they ask for, against statsmodels' power."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.power import TTestIndPower, TTestPower

from bench.judging.pair_verdict import pair_verdict, power, seeds_wanted


@pytest.mark.parametrize("effect", [0.2, 0.7, 1.5, 3.0])
@pytest.mark.parametrize("seeds", [2, 3, 8, 40])
def test_power_is_that_of_statsmodels(effect: float, seeds: int) -> None:
    by_seed = TTestPower().power(effect, seeds, 0.05, alternative="two-sided")
    by_seed = 1.0 if np.isnan(by_seed) else by_seed  # scipy's lower tail, which is 0 for large effects
    assert power(effect, seeds, by_seed=True) == pytest.approx(by_seed, abs=1e-6)
    apart = TTestIndPower().power(effect, seeds, 0.05, ratio=1, alternative="two-sided")
    apart = 1.0 if np.isnan(apart) else apart
    assert power(effect, seeds, by_seed=False) == pytest.approx(apart, abs=1e-6)


@pytest.mark.parametrize("by_seed", [True, False])
def test_the_seeds_wanted_are_the_fewest_that_do(by_seed: bool) -> None:
    a, b = np.array([1.0, 2.0, 4.0, 3.0]), np.array([0.5, 1.0, 2.0, 3.5])
    gap = a - b
    effect = gap.mean() / gap.std(ddof=1) if by_seed else gap.mean() / np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
    wanted = seeds_wanted(a, b, by_seed=by_seed)
    assert wanted and power(effect, wanted, by_seed=by_seed) >= 0.8 > power(effect, wanted - 1, by_seed=by_seed)


@pytest.mark.parametrize(
    ("a", "b", "better", "p", "text"),
    [
        ([1, 2, 3], [4, 5, 6.5], "lower", 0.01, "better"),
        ([1, 2, 3], [4, 5, 6.5], "higher", 0.01, "worse"),
        ([4, 5, 6.5], [1, 2, 3], "lower", 0.049, "worse"),
        ([1, 2, 3], [1.5, 2.4, 3.1], "lower", 0.06, "not distinguishable with 3 seeds, about 3 more would do"),
        ([1, 2, 3], [1.5, 1.7, 2.801], "lower", 0.9, "not distinguishable with 3 seeds, more than 1,000 would do"),
        ([1], [2], "lower", None, "not distinguishable with 1 seed"),
        ([], [2], "lower", None, "not distinguishable with 0 seeds"),
    ],
)
def test_it_reads_as_it_is_meant(a: list[float], b: list[float], better: str, p: float | None, text: str) -> None:
    assert str(pair_verdict(a, b, better, by_seed=bool(p), p=p)) == text  # type: ignore[arg-type]


@pytest.mark.parametrize("family", [1, 4, 12])
def test_seeds_wanted_let_the_exact_test_pass_holm(family: int) -> None:
    """If arms are far apart, two seeds are enough for the t-test; the least p of the permutation test needs more."""
    wanted = seeds_wanted([1.0, 1.1, 1.2], [9.0, 9.1, 9.2], by_seed=False, family=family)
    floors = {seeds: 2 / math.comb(2 * seeds, seeds) for seeds in range(2, 12)}
    assert wanted == min(seeds for seeds, p in floors.items() if p < 0.05 / family)
