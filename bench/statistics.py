"""Tests between two arms. What is undefined (too few values, no variance) is None, never NaN."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bench.metric import Better, FloatArray
from bench.seeding import numpy_rng

EXACT, DRAWS = 40, 100_000  # values in all up to which the permutation test is exact; random assignments beyond


class Interval(NamedTuple):
    """An estimate and its 95 % interval, (None, None) where that is undefined."""

    value: float
    low: float | None
    high: float | None


def mean_interval(values: ArrayLike) -> Interval:
    """Mean and Student's t interval over seeds; no bounds for fewer than two values or without variance."""
    sample = np.asarray(values, dtype=float)
    mean = float(sample.mean())
    if len(sample) < 2 or not _varies(sample):
        return Interval(mean, None, None)
    from scipy.stats import t

    half = float(t.ppf(0.975, len(sample) - 1) * sample.std(ddof=1) / math.sqrt(len(sample)))
    return Interval(mean, mean - half, mean + half)


def welch(a: ArrayLike, b: ArrayLike) -> float | None:
    """Two-sided p of Welch's t-test."""
    test = _welch(a, b)
    return None if test is None else _finite(test.pvalue)


def difference(a: ArrayLike, b: ArrayLike) -> Interval:
    """mean(a) - mean(b) with Welch's interval."""
    value = float(np.mean(np.asarray(a, dtype=float)) - np.mean(np.asarray(b, dtype=float)))
    test = _welch(a, b)
    if test is None:
        return Interval(value, None, None)
    bounds = test.confidence_interval(0.95)
    return Interval(value, _finite(bounds.low), _finite(bounds.high))


def permutation(a: ArrayLike, b: ArrayLike) -> float | None:
    """Two-sided p of the permutation test on |mean(a) - mean(b)|, exact up to 40 values in all.

    With 5 values a side the smallest p is 2 / 252 = .0079; p < 1e-6 needs 12. Beyond 40 values, 100,000 random
    assignments from a fixed generator stand for all, so the same data always give the same p, of 1e-5 at least.
    """
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    both = np.concatenate([first, second])
    if min(len(first), len(second)) < 2 or not _varies(both):
        return None
    both = both - both.mean()
    observed = abs(float(both[: len(first)].sum()))
    near = 1e-12 * float(np.abs(both).sum())
    if len(both) <= EXACT:
        return _share_as_extreme(both, len(first), observed - near)
    rng = numpy_rng("permutation test")
    drawn = np.array([abs(rng.permutation(both)[: len(first)].sum()) for _ in range(DRAWS)])
    return float((1 + (drawn >= observed - near).sum()) / (1 + DRAWS))


def smallest_permutation(first: int, second: int) -> float:
    """The least p that the permutation test can give to so many values a side."""
    if first + second > EXACT:
        return 1 / (1 + DRAWS)
    return (2 if first == second else 1) / math.comb(first + second, first)


def _share_as_extreme(values: FloatArray, count: int, bound: float) -> float:
    """Among all choices of `count` of the values, the share whose sum is at least `bound` away from 0.

    Meeting in the middle: a choice is i values of one half and count - i of the other, so sorted sums of halves
    (2^20 each at most) replace the enumeration of up to C(40, 20) choices.
    """
    middle = len(values) // 2
    left, right = _sums_by_size(values[:middle]), _sums_by_size(values[middle:])
    extreme = 0
    for size, sums in enumerate(left):
        if 0 <= count - size < len(right):
            others = np.sort(right[count - size])
            above = len(others) - np.searchsorted(others, bound - sums, side="left")
            below = np.searchsorted(others, -bound - sums, side="right")
            extreme += int(above.sum() + below.sum())
    return min(1.0, extreme / math.comb(len(values), count))


def _sums_by_size(values: FloatArray) -> list[FloatArray]:
    """The sums of all subsets, in one array for each size of subset."""
    sums = [np.zeros(1)] + [np.zeros(0)] * len(values)
    for value in values:
        for size in range(len(values), 0, -1):
            sums[size] = np.concatenate([sums[size], sums[size - 1] + value])
    return sums


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down adjustment (1979) over the defined values; the undefined stay so and do not count."""
    defined = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    running = 0.0
    for rank, (p, index) in enumerate(defined):
        running = max(running, min(1.0, (len(defined) - rank) * p))
        adjusted[index] = running
    return adjusted


def improvement(a: ArrayLike, b: ArrayLike, better: Better) -> float | None:
    """Probability that a run of `a` beats a run of `b`, a tie counting half: Mann-Whitney's U / nm.

    Reported as Agarwal et al. (2021), Deep Reinforcement Learning at the Edge of the Statistical Precipice, propose.
    """
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if not len(first) or not len(second):
        return None
    gaps = first[:, None] - second[None, :]
    wins = gaps < 0 if better == "lower" else gaps > 0
    return float((wins + 0.5 * (gaps == 0)).mean())


def _welch(a: ArrayLike, b: ArrayLike) -> Any:
    """scipy's result, or None where the test is undefined."""
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if min(len(first), len(second)) < 2 or not (_varies(first) or _varies(second)):
        return None
    from scipy.stats import ttest_ind

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that one of the two is all but constant; the other is not
        return ttest_ind(first, second, equal_var=False)


def _varies(sample: FloatArray) -> bool:
    """More than rounding: values equal to 12 digits have no variance to speak of."""
    return float(np.ptp(sample)) > 1e-12 * max(1.0, float(np.abs(sample).max()))


def _finite(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
