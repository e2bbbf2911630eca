"""Scores, intervals and tests over raters and items are calibrated."""

import re

import numpy as np
import pytest

from bench.judging.human.collected import collect
from bench.judging.human.scores import clustered, difference_p, interval, score
from bench.records.human import load, save


def crossed(rng, raters, items, item=0.0, rater=0.0, method=0.0, level=0.0):
    """Return answers of the same raters on two identical methods, by sd of items, raters and taste for a method."""
    taste = level + rng.normal(0, rater, (raters, 1))
    return [
        taste + rng.normal(0, method, (raters, 1)) + rng.normal(0, item, items) + rng.normal(0, 1, (raters, items)) > 0
        for _ in range(2)
    ]


def test_the_variance_is_that_of_the_quasi_f():
    """Mean squares of statsmodels' analysis of variance: raters crossed with methods, items within methods."""
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    raters, items = 4, 5
    one, other = crossed(np.random.default_rng(1), raters, items, item=1, rater=0.5, method=0.7)
    rows = [(m, r, i, float(y[r, i])) for m, y in enumerate((one, other)) for r in range(raters) for i in range(items)]
    frame = pd.DataFrame(rows, columns=["m", "r", "i", "y"])
    squares = anova_lm(ols("y ~ C(m) + C(r) + C(m):C(r) + C(m):C(i)", frame).fit())["mean_sq"]
    expected = 2 / (raters * items) * (squares["C(m):C(r)"] + squares["C(m):C(i)"] - squares["Residual"])
    assert clustered([one, other]).variance == pytest.approx(expected)


def test_the_variance_is_never_below_that_of_independent_answers():
    few = np.array([[1, 0, 1, 1], [0, 0, 0, 1], [0, 1, 0, 0]], dtype=bool)  # crossed: .0069, above 0
    assert clustered([few]) == (pytest.approx(5 / 12 * 7 / 12 / 12), 3)


@pytest.mark.parametrize(("raters", "items"), [(70, 20), (20, 20), (10, 40)])
def test_identical_methods_differ_five_times_in_a_hundred(raters, items):
    rng = np.random.default_rng(raters)
    p = [difference_p(*crossed(rng, raters, items, item=0.8, rater=0.5)) for _ in range(2_000)]
    assert 0.03 <= np.mean(np.array(p) < 0.05) <= 0.065


def test_a_t_test_over_answers_would_not_be_calibrated():
    """The paper counts in this way. On the same kind of answers it fails: the reason for clustering."""
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(0)
    p = [ttest_ind(*(y.ravel() for y in crossed(rng, 70, 20, item=0.8, rater=0.5))).pvalue for _ in range(300)]
    assert np.mean(np.array(p) < 0.05) > 0.4


def test_taste_of_raters_alone_is_not_taken_for_a_difference():
    """Raters lean one way or the other, but not on average. Clustering by item alone would miss this."""
    rng = np.random.default_rng(0)
    p = [difference_p(*crossed(rng, 20, 20, item=0.3, rater=0.5, method=0.7)) for _ in range(2_000)]
    assert np.mean(np.array(p) < 0.05) <= 0.065


@pytest.mark.parametrize(("raters", "items", "rater", "level"), [(70, 20, 0.5, 0.0), (10, 20, 1.0, -1.0)])
def test_intervals_cover_the_truth(raters, items, rater, level):
    from scipy.stats import norm

    rng = np.random.default_rng(0)
    truth = norm.cdf(level / np.sqrt(1 + rater**2 + 0.5**2))
    bounds = [interval(crossed(rng, raters, items, item=0.5, rater=rater, level=level)[0]) for _ in range(1_500)]
    assert 0.93 <= np.mean([low <= truth <= high for low, high in bounds]) <= 0.98


def test_a_real_difference_is_found():
    rng = np.random.default_rng(0)
    low, high = crossed(rng, 20, 20, item=0.3, rater=0.3)[0], crossed(rng, 20, 20, item=0.3, rater=0.3, level=1)[0]
    assert difference_p(low, high) == difference_p(high, low) < 1e-4
    assert difference_p(low, low) == 1


def test_a_single_rater_says_nothing_of_others(a_sheet, judged, tmp_path):
    one, other = crossed(np.random.default_rng(0), 1, 20, item=0.5, rater=0.5)
    assert interval(one) == (None, None) and difference_p(one, other) is None
    sheet = a_sheet(n=10)
    alone = collect(sheet, judged(sheet, raters=1, real=0.7, seqgan=0.5, mle=0.3))
    assert all((value.low, value.high, value.p) == (None, None, None) for value in alone.scores.values())
    assert re.fullmatch(r"0\.\d{4}", str(alone.scores["mle"]))
    assert "by 1 rater who" in alone.note() and alone.note().endswith("no interval, no test.")
    assert load(save(tmp_path, alone).parent.parent) == [alone]
    two = collect(sheet, judged(sheet, raters=2, real=0.7, seqgan=0.5, mle=0.3))
    assert "95 % interval, by 2 raters" in two.note() and "Two raters are few" in two.note()


@pytest.mark.parametrize(("raters", "items"), [(2, 2), (3, 20), (5, 20)])
def test_unanimous_raters_have_finite_scores(raters, items):
    yes, no = np.ones((raters, items), dtype=bool), np.zeros((raters, items), dtype=bool)
    assert 0 < difference_p(yes, no) < 1 and difference_p(yes, yes) == 1
    low, high = interval(yes)
    assert 0 < low < high == pytest.approx(1)
    assert interval(no) == pytest.approx((1 - high, 1 - low))
    if raters * items > 4:
        assert difference_p(yes, no) < 0.01


def test_scores_are_the_shares_judged_real_and_p_is_holms(a_sheet, judged):
    sheet = a_sheet(n=10)
    answers = judged(sheet, real=0.7, seqgan=0.5, mle=0.3)
    scores = score(sheet, answers)
    assert list(scores) == ["real", "seqgan", "mle"]
    shown = {o: answers.judged_real[:, [item.origin == o for item in sheet.items]] for o in sheet.origins}
    for origin, value in scores.items():
        assert value.value == shown[origin].sum() / shown[origin].size
        assert value.low < value.value < value.high
        assert (value.raters, value.items) == (6, 10)
    p = sorted(difference_p(shown["seqgan"], shown[other]) for other in ("real", "mle"))
    assert sorted((scores["real"].p, scores["mle"].p)) == pytest.approx([2 * p[0], max(2 * p[0], p[1])])
    assert scores["seqgan"].p is None


def test_without_the_reference_there_is_no_test(a_sheet, judged):
    sheet = a_sheet(n=5)
    assert {value.p for value in score(sheet, judged(sheet, real=0.7, seqgan=0.5, mle=0.3), "leakgan").values()} == {
        None
    }
