"""Arms are compared in pairs of seeds where they share their starts, and as two groups elsewhere."""

from __future__ import annotations

import pytest
from scipy import stats

from bench.judging import statistics
from bench.judging.over_seeds import Arm, common_starts, over_seeds, smallest_p, verdict

OURS = {0: 8.7, 1: 9.1, 2: 8.2, 3: 8.65}
THEIRS = {0: 8.9, 1: 9.2, 2: 8.5, 4: 7.0}
KEYS = {seed: f"start {seed}" for seed in range(5)}


def test_pairs_are_the_seeds_that_both_have_from_one_start() -> None:
    assert common_starts(Arm(OURS, KEYS), Arm(THEIRS, KEYS)) == [0, 1, 2]
    assert common_starts(Arm(OURS, KEYS), Arm(THEIRS)) == []
    assert common_starts(Arm(OURS, KEYS), Arm(THEIRS, KEYS | {1: "another"})) == []
    assert common_starts(Arm(OURS), Arm(THEIRS)) == []


def test_paired_arms_agree_with_scipy() -> None:
    a, b = [OURS[seed] for seed in range(3)], [THEIRS[seed] for seed in range(3)]
    found = over_seeds(Arm(OURS, KEYS), Arm(THEIRS, KEYS), "lower")
    assert found is not None and found.pairs == 3
    assert found.p_t == pytest.approx(stats.ttest_rel(a, b).pvalue)
    exact = stats.permutation_test((a, b), lambda x, y: (x - y).mean(), permutation_type="samples")
    assert found.p_exact == pytest.approx(exact.pvalue)
    low, high = stats.ttest_rel(a, b).confidence_interval()
    assert (found.difference.low, found.difference.high) == pytest.approx((low, high))
    assert found.improvement == 1.0


def test_other_arms_are_two_groups() -> None:
    ours, theirs = Arm(OURS), Arm(THEIRS)
    found = over_seeds(ours, theirs, "higher")
    assert found is not None and found.pairs == 0
    assert found.difference == statistics.difference(ours.values, theirs.values)
    assert found.p_t == statistics.welch(ours.values, theirs.values)
    assert found.p_exact == statistics.permutation(ours.values, theirs.values)
    assert found.improvement == statistics.improvement(ours.values, theirs.values, "higher")


def test_one_shared_start_is_no_pairing_and_no_score_no_comparison() -> None:
    one = over_seeds(Arm({0: 1.0, 1: 2.0}, KEYS), Arm({0: 1.5, 2: 2.0}, KEYS), "lower")
    assert one is not None and one.pairs == 0
    assert over_seeds(Arm({}), Arm(OURS), "lower") is None


def test_the_least_p_is_that_of_the_test_that_is_made() -> None:
    eight = dict.fromkeys(range(8), 1.0)
    keys = {seed: str(seed) for seed in eight}
    assert smallest_p(Arm(eight, keys), Arm(eight, keys)) == 2 / 2**8
    assert smallest_p(Arm(eight), Arm(eight)) == statistics.smallest_permutation(8, 8)
    assert smallest_p(Arm({0: 1.0}), Arm(eight)) is None


def test_a_verdict_looks_at_the_pairs_alone() -> None:
    """Over all runs theirs has the lower mean, because of its fourth; over the pairs ours has."""
    said = verdict(Arm(OURS, KEYS), Arm(THEIRS, KEYS), "lower", 0.01, 1)
    assert (said.word, said.seeds) == ("better", 3)
    assert verdict(Arm(OURS), Arm(THEIRS), "lower", 0.01, 1).word == "worse"
