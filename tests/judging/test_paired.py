"""Compare paired tests with scipy's, and simulate their error rates."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bench.judging import paired

RNG = np.random.default_rng(0)
PAIRS = [(RNG.normal(size=n), RNG.normal(0.5, 1, n)) for n in (2, 3, 5, 8, 12)]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_the_t_test_and_its_interval_are_scipys(a: np.ndarray, b: np.ndarray) -> None:
    judge = stats.ttest_rel(a, b)
    assert paired.paired_t(a, b) == pytest.approx(judge.pvalue, rel=1e-9)
    bounds = judge.confidence_interval(0.95)
    assert paired.paired_difference(a, b) == pytest.approx((np.mean(a - b), bounds.low, bounds.high), rel=1e-9)


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_sign_flips_are_scipys_permutations_of_pairs(a: np.ndarray, b: np.ndarray) -> None:
    judge = stats.permutation_test((a, b), lambda x, y: np.mean(x - y), permutation_type="samples", n_resamples=np.inf)
    assert paired.sign_flip(a, b) == pytest.approx(judge.pvalue, abs=1e-12)


def test_many_pairs_are_drawn_and_come_near_the_exact_share(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.4, 1, 14), rng.normal(size=14)
    exact = paired.sign_flip(a, b)
    monkeypatch.setattr(paired, "EXACT", 10)
    drawn = [paired.sign_flip(a, b) for _ in range(2)]
    assert drawn[0] == drawn[1] == pytest.approx(exact, abs=0.005)


@pytest.mark.parametrize("pairs", [3, 5, 8])
def test_the_least_p_is_reached(pairs: int) -> None:
    assert paired.sign_flip(np.arange(pairs) + 1.0, np.zeros(pairs)) == paired.smallest_sign_flip(pairs) == 2 / 2**pairs


@pytest.mark.parametrize(("a", "b"), [([1.0], [2.0]), ([1.0, 2.0], [1.0, 2.0]), ([0.1 + 0.2, 1], [0.3, 1])])
def test_what_is_undefined_is_none(a: list[float], b: list[float]) -> None:
    assert paired.paired_t(a, b) is None and paired.sign_flip(a, b) is None


def test_the_same_difference_at_every_seed_is_certain_by_t() -> None:
    assert paired.paired_t([1.0, 2.0, 3.0], [0.0, 1.0, 2.0]) == 0.0
    assert paired.sign_flip([1.0, 2.0, 3.0], [0.0, 1.0, 2.0]) == 0.25


def test_values_that_are_no_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="3 and 2 values are not pairs"):
        paired.differences([1, 2, 3], [1, 2])


@pytest.mark.parametrize("pairs", [6, 8, 12])
def test_both_keep_five_percent_where_seeds_share_a_start(pairs: int) -> None:
    """The start varies ten times as much as the arms. An unpaired test would find nothing; these lose nothing."""
    rng = np.random.default_rng(pairs)
    found = []
    for _ in range(2000):
        start = rng.normal(0, 10, pairs)
        a, b = start + rng.normal(size=pairs), start + rng.normal(size=pairs)
        found.append((paired.paired_t(a, b) < 0.05, paired.sign_flip(a, b) <= 0.05))
    t, flips = np.mean(found, axis=0)
    assert 0.035 < t < 0.065 and flips < 0.065
