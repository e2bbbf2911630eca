"""Test two arms against each other. An undefined result (too few values, no variance) is None, never NaN."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.typing import ArrayLike

from bench.contracts.metric import Better, FloatArray
from bench.contracts.seeding import numpy_rng

EXACT, DRAWS = 200_000, 100_000  # most regroupings that the permutation test tries in full; above, random ones
NEAR = 1e-9  # relative; squares of t this close are equal up to rounding
ROUNDING = 1e-12  # relative; values this close are equal up to rounding
OF_SUMS = 1e-15  # a squared error by sums of squares of values in -1..1 below this is nothing but rounding
BLOCK = 2**20  # values that the permutation test holds at once

IndexArray = npt.NDArray[np.intp]


class Interval(NamedTuple):
    """An estimate and its 95 % interval, (None, None) if the interval is undefined."""

    value: float
    low: float | None
    high: float | None


def mean_interval(values: ArrayLike) -> Interval:
    """Return the mean and Student's t interval over seeds; no bounds for fewer than two values or without variance."""
    sample = np.asarray(values, dtype=float)
    mean = float(sample.mean())
    if len(sample) < 2 or not _varies(sample):
        return Interval(mean, None, None)
    from scipy.stats import t

    half = float(t.ppf(0.975, len(sample) - 1) * sample.std(ddof=1) / math.sqrt(len(sample)))
    return Interval(mean, mean - half, mean + half)


def welch(a: ArrayLike, b: ArrayLike) -> float | None:
    """Return the two-sided p of Welch's t-test."""
    test = _welch(a, b)
    return None if test is None else _finite(test.pvalue)


def difference(a: ArrayLike, b: ArrayLike) -> Interval:
    """Return mean(a) - mean(b) with Welch's interval."""
    value = float(np.mean(np.asarray(a, dtype=float)) - np.mean(np.asarray(b, dtype=float)))
    test = _welch(a, b)
    if test is None:
        return Interval(value, None, None)
    bounds = test.confidence_interval(0.95)
    return Interval(value, _finite(bounds.low), _finite(bounds.high))


def permutation(a: ArrayLike, b: ArrayLike) -> float | None:
    """Return the two-sided p of the permutation test of Welch's t, or Welch's own p if that is larger.

    None if `studentised` is None. Each of the two tests fails in cases in which the other holds, so the larger p keeps
    the level of 5 % if either test does. `studentised` holds if both arms have the same distribution, whatever it is.
    Welch's test holds for normal values, whatever their spreads.

    Simulated studies in which nothing differs, with 3 to 10 values per arm, give these rates of p below .05: at most
    .07 for symmetric distributions (normal, or Student's t of 3 degrees) with equal spreads or up to 20 times as wide;
    at most .05 if both arms have the same skewed (exponential) distribution. If the spreads differ and the values are
    skewed too, no test here holds: up to .15. See tests/judging/test_statistics.py.
    """
    share = studentised(a, b)
    return None if share is None else max(share, welch(a, b) or 0.0)


def studentised(a: ArrayLike, b: ArrayLike) -> float | None:
    """Return the share of regroupings of all values into arms of these sizes with a Welch |t| as large as observed.

    Up to 200,000 regroupings, all of them count. Above that (from 10 against 11 values on), 100,000 random ones from a
    fixed generator and the observed one stand for them, so the same values always give the same share, 1e-5 or more.
    Arms without any variance have an infinite t. None if an arm has fewer than two values, or if all values are equal.

    Source: Janssen (1997), Studentized permutation tests for non-i.i.d. hypotheses. As a p value the share is exact if
    both arms have the same distribution. If they share only the mean, it is right for many values but not for few: with
    6 normal values against 3 with a spread 9 times as wide, it is below .05 in .19 of studies. For a permutation test
    of the difference of means, that rate is .25. For arms of equal size, both statistics give the same share.
    """
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    both = np.concatenate([first, second])
    if min(len(first), len(second)) < 2 or not _varies(both):
        return None
    both = both - both.mean()
    both = both / np.abs(both).max()
    observed = _t_squared(both[None, : len(first)], both[None, len(first) :])[0]
    bound = observed * (1 - NEAR)
    few = math.comb(len(both), len(first)) <= EXACT
    return (_extreme if few else _extreme_of_draws)(both, len(first), bound)


def smallest_permutation(first: int, second: int) -> float:
    """Return the least p that `permutation` can give for this many values per arm, as for arms that lie far apart.

    If regroupings are drawn at random, it is a lower bound, since the observed one may be drawn too.
    """
    splits = math.comb(first + second, first)
    if splits > EXACT:
        return 1 / (1 + DRAWS)
    return (2 if first == second else 1) / splits


def _t_squared(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return (k,) squares of Welch's t between (k, n) and (k, m) values in -1..1; infinite if there is no variance."""
    gap = first.mean(1) - second.mean(1)
    squared_error = first.var(1, ddof=1) / first.shape[1] + second.var(1, ddof=1) / second.shape[1]
    varies = squared_error > ROUNDING**2
    return np.where(varies, gap**2 / np.where(varies, squared_error, 1.0), np.inf)


def _extreme(values: FloatArray, count: int, bound: float) -> float:
    """Return the share of all regroupings with a squared t of at least `bound`; see `studentised`."""
    halves, whole = 2 * count == len(values), math.comb(len(values), count)
    found = sum(
        int((_t_squared(values[inside], values[outside]) >= bound).sum())
        for inside, outside in _choices(len(values), count)
    )
    return (2 if halves else 1) * found / whole


@lru_cache(maxsize=4)
def _choices(size: int, count: int) -> list[tuple[IndexArray, IndexArray]]:
    """Return blocks of (k, count) and (k, rest) indices: each choice of `count` of `size` values, and the rest.

    For arms of equal size only the choices with the first value: the others swap the arms, and t squared stays.
    """
    every = np.array(list(combinations(range(size), count)), dtype=np.intp)
    chosen = every[every[:, 0] == 0] if 2 * count == size else every
    free = np.ones((len(chosen), size), dtype=bool)
    np.put_along_axis(free, chosen, False, axis=1)
    rest = np.nonzero(free)[1].reshape(len(chosen), size - count)
    rows = max(1, BLOCK // size)
    return [(chosen[at : at + rows], rest[at : at + rows]) for at in range(0, len(chosen), rows)]


def _extreme_of_draws(values: FloatArray, count: int, bound: float) -> float:
    """Return the same for random regroupings and the observed one. Sums over members are quick where these are many."""
    rest, found = len(values) - count, 1  # the observed one
    both = np.stack([values, values**2], axis=1)
    total, squares = both.sum(0)
    for members in _draws(len(values), count):
        one, square = (members.astype(np.float64) @ both).T
        other = total - one
        first = (square - one**2 / count) / (count - 1) / count
        second = (squares - square - other**2 / rest) / (rest - 1) / rest
        gap, error = one / count - other / rest, first + second
        varies = error > OF_SUMS
        found += int((np.where(varies, gap**2 / np.where(varies, error, 1.0), np.inf) >= bound).sum())
    return found / (1 + DRAWS)


@lru_cache(maxsize=4)
def _draws(size: int, count: int) -> list[npt.NDArray[np.bool_]]:
    """Return blocks of (k, size) memberships: which values the first arm has in each of the random regroupings."""
    rng, rows, found = numpy_rng("permutation test"), max(1, BLOCK // size), []
    for begin in range(0, DRAWS, rows):
        drawn = rng.permuted(np.tile(np.arange(size), (min(rows, DRAWS - begin), 1)), axis=1)
        members = np.zeros(drawn.shape, dtype=bool)
        np.put_along_axis(members, drawn[:, :count], True, axis=1)
        found.append(members)
    return found


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return the p values after Holm's step-down adjustment (1979). Undefined ones stay None and do not count."""
    defined = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    running = 0.0
    for rank, (p, index) in enumerate(defined):
        running = max(running, min(1.0, (len(defined) - rank) * p))
        adjusted[index] = running
    return adjusted


def improvement(a: ArrayLike, b: ArrayLike, better: Better) -> float | None:
    """Return the probability that a run of `a` beats a run of `b`; a tie counts half (Mann-Whitney's U / nm).

    Source: Agarwal et al. (2021), Deep Reinforcement Learning at the Edge of the Statistical Precipice.
    """
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if not len(first) or not len(second):
        return None
    gaps = first[:, None] - second[None, :]
    wins = gaps < 0 if better == "lower" else gaps > 0
    return float((wins + 0.5 * (gaps == 0)).mean())


def _welch(a: ArrayLike, b: ArrayLike) -> Any:
    """Return scipy's result; None if the test is undefined."""
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return _welch_of(first.tobytes(), second.tobytes())


@lru_cache(maxsize=8)
def _welch_of(first: bytes, second: bytes) -> Any:
    """Return the same for the bytes of float64 values: a table asks several times for each test."""
    one, other = np.frombuffer(first), np.frombuffer(second)
    if min(len(one), len(other)) < 2 or not (_varies(one) or _varies(other)):
        return None
    from scipy.stats import ttest_ind

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # scipy warns if one arm is nearly constant
        return ttest_ind(one, other, equal_var=False)


def _varies(sample: FloatArray) -> bool:
    """Return whether the values differ by more than rounding. Values equal to 12 digits have no variance."""
    return float(np.ptp(sample)) > ROUNDING * max(1.0, float(np.abs(sample).max()))


def _finite(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
