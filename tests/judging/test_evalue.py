"""Compare the e-value with its integral, and its error under peeking with the t-test's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from bench.judging import evalue, paired


@pytest.mark.parametrize("n", [2, 3, 6, 15])
@pytest.mark.parametrize("spread", [0.3, 1.0, 2.0])
def test_it_is_the_ratio_of_the_likelihoods_of_t(n: int, spread: float) -> None:
    found = np.random.default_rng(n).normal(0.7, 2.0, n)
    t = found.mean() / (found.std(ddof=1) / math.sqrt(n))

    def weighted(effect: float) -> float:
        return stats.nct.pdf(t, n - 1, effect * math.sqrt(n)) * stats.norm.pdf(effect, 0, math.sqrt(spread))

    alternative, _ = integrate.quad(weighted, -12, 12, limit=500, points=[0, float(t) / math.sqrt(n)])
    assert evalue.evalue(found, spread) == pytest.approx(alternative / stats.t.pdf(t, n - 1), rel=1e-4)


def test_units_and_signs_do_not_matter() -> None:
    found = np.random.default_rng(0).normal(1, 1, 6)
    assert evalue.evalue(found) == pytest.approx(evalue.evalue(-1e6 * found), rel=1e-9)


@pytest.mark.parametrize("found", [[], [3.0], [0.0, 0.0, 0.0]])
def test_what_says_nothing_is_one(found: list[float]) -> None:
    assert evalue.evalue(found) == 1.0 and evalue.anytime_p(found) == 1.0


def test_equal_differences_reach_the_limit_of_the_formula() -> None:
    assert evalue.evalue([0.5] * 8) == pytest.approx(9**3.5, rel=1e-9)  # (1 + n)^(n/2) / sqrt(1 + n)


def test_running_never_falls_and_gives_the_p_of_any_look() -> None:
    found = list(np.random.default_rng(3).normal(1, 1, 12))
    values = evalue.running(found)
    looks = [evalue.evalue(found[:n]) for n in range(1, 13)]
    assert values == [max(looks[:n]) for n in range(1, 13)]
    assert evalue.anytime_p(found) == 1 / max(looks)


def test_peeking_keeps_five_percent_here_and_not_with_a_t_test() -> None:
    """Nothing differs. After each of 2 to 30 seeds a user looks, and stops if it is significant."""
    rng = np.random.default_rng(0)
    studies = rng.normal(size=(600, 30))
    by_evidence = np.mean([evalue.running(list(study))[-1] >= evalue.RESOLVED for study in studies])
    zeros = np.zeros(30)
    by_t = np.mean([any(paired.paired_t(s[:n], zeros[:n]) < 0.05 for n in range(3, 31)) for s in studies])
    assert by_evidence <= 0.05 and by_t > 0.2


def test_a_difference_is_found_in_the_end() -> None:
    rng = np.random.default_rng(0)
    found = [evalue.running(list(rng.normal(1.5, 1, 12)))[-1] >= evalue.RESOLVED for _ in range(100)]
    assert np.mean(found) > 0.9
