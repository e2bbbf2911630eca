"""The simulated type-I errors of the printed tests."""

from __future__ import annotations

import numpy as np
import pytest

from bench.judging.calibrate import Rate, type_one_errors


@pytest.fixture(scope="module")
def rates() -> list[Rate]:
    return list(type_one_errors((3, 5), 400))


def test_each_test_meets_each_kind_of_values_once(rates: list[Rate]) -> None:
    assert len({rate[:3] for rate in rates}) == len(rates) == 2 * 9
    assert rates == list(type_one_errors((3,), 400)) + [rate for rate in rates if rate.seeds == 5]


def test_tests_over_seeds_keep_five_percent_for_normal_values(rates: list[Rate]) -> None:
    kept = [rate for rate in rates if "normal" in rate.values]
    assert len(kept) == 8 and all(rate.rate < 0.08 for rate in kept)


def test_the_test_over_sequences_does_not(rates: list[Rate]) -> None:
    assert all(rate.rate > 0.25 for rate in rates if rate.test == "p (sequences)")


def test_three_seeds_cannot_reach_five_percent_by_exact_tests(rates: list[Rate]) -> None:
    exact = [rate.rate for rate in rates if rate.seeds == 3 and rate.test in ("p (seeds), permutation", "sign flip")]
    assert len(exact) == 4 and not any(exact)


def test_the_interval_is_that_of_a_share(rates: list[Rate]) -> None:
    for rate in rates:
        assert rate.half == pytest.approx(1.96 * np.sqrt(rate.rate * (1 - rate.rate) / 400))
