"""Agreement of raters, compared with other definitions of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.judging.human.agreement import fleiss_kappa, krippendorff_alpha


@settings(deadline=None)
@given(st.integers(2, 9), st.integers(2, 12), st.integers(0, 2**32))
def test_kappa_is_that_of_statsmodels(raters, items, seed):
    judged = np.random.default_rng(seed).random((raters, items)) < 0.6
    kappa = fleiss_kappa(judged)
    if judged.all() or not judged.any():
        assert kappa is None
        return
    from statsmodels.stats.inter_rater import fleiss_kappa as judge

    yes = judged.sum(0)
    assert kappa == pytest.approx(judge(np.stack([yes, raters - yes], 1)), abs=1e-12)


@settings(deadline=None)
@given(st.integers(2, 6), st.integers(2, 8), st.integers(0, 2**32))
def test_alpha_is_that_of_the_coincidence_matrix(raters, items, seed):
    judged = np.random.default_rng(seed).random((raters, items)) < 0.5
    table = np.zeros((2, 2))
    for column in judged.T.astype(int):
        for first in range(raters):
            for second in range(raters):
                if first != second:
                    table[column[first], column[second]] += 1 / (raters - 1)
    no, yes = table.sum(0)
    expected = 1 - table[0, 1] / (no * yes / (no + yes - 1)) if no and yes else None
    assert krippendorff_alpha(judged) == (expected if expected is None else pytest.approx(expected, abs=1e-12))


def test_alpha_of_krippendorffs_own_example():
    """Computing Krippendorff's alpha-reliability (2011), example A: two observers, ten units, alpha = .095."""
    judged = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]], dtype=bool)
    assert krippendorff_alpha(judged) == pytest.approx(0.095, abs=5e-4)


def test_agreement_of_one_rater_is_undefined():
    assert fleiss_kappa(np.array([[True, False]])) is None
    assert krippendorff_alpha(np.array([[True, False]])) is None
