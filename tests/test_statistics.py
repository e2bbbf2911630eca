"""The tests against scipy and statsmodels, on exact small cases, and in simulated studies where nothing differs."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from bench.seeding import numpy_rng
from bench.statistics import (
    EXACT,
    difference,
    holm,
    improvement,
    mean_interval,
    permutation,
    smallest_permutation,
    welch,
)


def samples(case: int) -> tuple[np.ndarray, np.ndarray]:
    rng = numpy_rng("statistics", case)
    first, second = rng.integers(2, 9, 2)
    return rng.normal(9, 0.1, first), rng.normal(9.05, 0.3, second)


@pytest.mark.parametrize("case", range(20))
def test_agrees_with_scipy_and_statsmodels(case: int) -> None:
    a, b = samples(case)
    both = CompareMeans(DescrStatsW(a), DescrStatsW(b))
    found = difference(a, b)

    assert welch(a, b) == pytest.approx(both.ttest_ind(usevar="unequal")[1], rel=1e-9)
    assert found[1:] == pytest.approx(both.tconfint_diff(usevar="unequal"), rel=1e-9)
    assert found.value == pytest.approx(a.mean() - b.mean())
    assert mean_interval(a)[1:] == pytest.approx(DescrStatsW(a).tconfint_mean(), rel=1e-9)
    assert improvement(a, b, "higher") == pytest.approx(stats.mannwhitneyu(a, b).statistic / (len(a) * len(b)))


@pytest.mark.parametrize("case", range(8))
def test_permutation_equals_the_full_enumeration(case: int) -> None:
    a, b = samples(case)

    def distance(x: np.ndarray, y: np.ndarray) -> float:
        return abs(x.mean() - y.mean())

    slow = stats.permutation_test((a, b), distance, alternative="greater", n_resamples=10**6, vectorized=False)
    assert permutation(a, b) == pytest.approx(slow.pvalue, rel=1e-12)


@pytest.mark.parametrize("case", range(8))
def test_permutation_counts_ties_exactly(case: int) -> None:
    """Against an enumeration in fractions; scipy's own tolerance misses ties that rounding tears apart."""
    a, b = ([Fraction(round(10 * float(x)), 10) for x in side] for side in samples(case))
    both, observed = a + b, abs(sum(a) / len(a) - sum(b) / len(b))
    extreme = 0
    for chosen in itertools.combinations(range(len(both)), len(a)):
        first = sum(both[i] for i in chosen)
        extreme += abs(first / len(a) - (sum(both) - first) / len(b)) >= observed
    p = permutation([float(x) for x in a], [float(x) for x in b])
    assert p == pytest.approx(extreme / math.comb(len(both), len(a)), rel=1e-12)


def test_the_smallest_permutation_p() -> None:
    low, high = np.arange(5.0), np.arange(5.0) + 100
    assert permutation(low, high) == pytest.approx(2 / 252)
    assert permutation(low[:3], high) == pytest.approx(1 / 56)
    twelve = np.arange(12.0)
    assert permutation(twelve, twelve + 100) == pytest.approx(2 / math.comb(24, 12))
    assert permutation(twelve, twelve + 100) < 1e-6 < permutation(twelve[1:], twelve[1:] + 100)


def test_many_values_are_permuted_at_random_and_give_the_same_p_twice() -> None:
    rng = numpy_rng("many")
    a, b = rng.normal(0, 1, EXACT), rng.normal(0.3, 1, EXACT)
    assert permutation(a, b) == permutation(a, b)
    assert permutation(a, b) == pytest.approx(welch(a, b), abs=0.02)


@pytest.mark.parametrize(("first", "second"), [(2, 3), (3, 3), (3, 6), (5, 5), (7, 4), (20, 20), (21, 20)])
def test_the_least_p_is_that_of_values_that_do_not_overlap(first: int, second: int) -> None:
    found = permutation(np.arange(float(first)), 1000 + np.arange(float(second)))
    assert found == pytest.approx(smallest_permutation(first, second), rel=1e-9)
    assert smallest_permutation(21, 20) == 1 / 100_001


@pytest.mark.parametrize("case", range(20))
def test_holm_agrees_with_statsmodels_and_passes_over_the_undefined(case: int) -> None:
    p = numpy_rng("holm", case).uniform(0, 0.2, 7)
    assert holm(list(p)) == pytest.approx(list(multipletests(p, method="holm")[1]))
    assert holm([None, *p, None]) == [None, *holm(list(p)), None]


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


def test_improvement_counts_ties_half_and_knows_which_way_is_up() -> None:
    assert improvement([1, 2], [2, 3], "lower") == 7 / 8
    assert improvement([1, 2], [2, 3], "higher") == 1 / 8
    assert improvement([], [1], "lower") is None


@pytest.mark.parametrize(("a", "b"), [([1.0], [1.0, 2.0]), ([1.0, 1.0], [2.0, 2.0]), ([], [1.0, 2.0])])
def test_what_is_undefined_is_none(a: list[float], b: list[float]) -> None:
    assert welch(a, b) is None
    assert mean_interval([3.0])[1:] == (None, None)
    assert mean_interval([3.0, 3.0, 3.0]) == (3.0, None, None)
    if a:
        assert difference(a, b)[1:] == (None, None)


def test_permutation_is_undefined_without_variance_or_a_second_value() -> None:
    assert permutation([1.0], [2.0, 3.0]) is None
    assert permutation([2.0, 2.0], [2.0, 2.0]) is None
    assert permutation([1.0, 1.0], [2.0, 2.0]) == pytest.approx(1 / 3)


def test_calibration_a_method_against_itself_over_seeds() -> None:
    """A thousand studies of five seeds a side, nothing to find: about 5 % are called different, not more."""
    rng = numpy_rng("calibration")
    seeds = 9.0 + 0.02 * rng.normal(size=(1000, 2, 5))
    by_welch = np.mean([welch(a, b) < 0.05 for a, b in seeds])
    by_permutation = np.mean([permutation(a, b) < 0.05 for a, b in seeds])
    assert 0.025 < by_welch < 0.065  # the standard error is .007
    assert 0.025 < by_permutation < 0.065


@pytest.mark.parametrize(("sd", "rate"), [(0.01, 0.36), (0.02, 0.60), (0.05, 0.84)])
def test_the_test_over_sequences_calls_identical_methods_different(sd: float, rate: float) -> None:
    """10,000 sequences of standard deviation .53 a run, runs of one method varying by sd: the rates of METHOD.md.

    The per-sequence means are drawn directly: a mean of 10,000 normals is normal with sd .0053.
    """
    rng = numpy_rng("sequences", str(sd))
    n, spread = 10_000, 0.53
    runs = sd * rng.normal(size=(4000, 2)) + spread / math.sqrt(n) * rng.normal(size=(4000, 2))
    z = (runs[:, 0] - runs[:, 1]) / math.sqrt(2 * spread**2 / n)
    assert np.mean(2 * stats.norm.sf(np.abs(z)) < 0.05) == pytest.approx(rate, abs=0.06)

    shifts = 9 + sd * rng.normal(size=(150, 2))
    called = [welch(*(shift + spread * rng.normal(size=n) for shift in pair)) < 0.05 for pair in shifts]
    assert np.mean(called) == pytest.approx(rate, abs=0.12)  # three standard errors
