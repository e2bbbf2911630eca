"""Test two arms that share a start at each seed: the tests use the differences seed by seed.

An undefined result (fewer than two seeds, no variance) is None, never NaN.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from bench.contracts.metric import Better, FloatArray
from bench.contracts.seeding import numpy_rng
from bench.judging.statistics import DRAWS, EXACT, NEAR, ROUNDING, Interval, mean_interval

BLOCK = 2**20  # signs held at once


def differences(a: ArrayLike, b: ArrayLike) -> FloatArray:
    """Return a - b, (n,); ValueError if the two have different lengths."""
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if first.shape != second.shape:
        raise ValueError(f"{len(first)} and {len(second)} values are not pairs")
    found: FloatArray = first - second
    return found


def paired_difference(a: ArrayLike, b: ArrayLike) -> Interval:
    """Return the mean of a - b with Student's interval over the pairs."""
    return mean_interval(differences(a, b))


def paired_t(a: ArrayLike, b: ArrayLike) -> float | None:
    """Return the two-sided p of the paired t-test."""
    found = differences(a, b)
    if len(found) < 2 or not _differs(found, a, b):
        return None
    from scipy.stats import t

    error = float(found.std(ddof=1)) / math.sqrt(len(found))
    if error <= ROUNDING * float(np.abs(found).max()):
        return 0.0  # the same difference at every seed
    return float(2 * t.sf(abs(float(found.mean())) / error, len(found) - 1))


def sign_flip(a: ArrayLike, b: ArrayLike) -> float | None:
    """Return the two-sided p of the sign-flip test: the share of sign changes of a - b with a |mean| as large.

    It is exact if the differences are symmetric around 0. They are, if the arms do not differ and share only the seed.
    Up to 17 pairs, all 2^n sign changes count; beyond, 100,000 random ones from a fixed generator and the observed one.
    The least p is 2 / 2^n: .0625 for 5 pairs, .0078 for 8. Source: Fisher (1935), The Design of Experiments, 21.
    """
    found = differences(a, b)
    if len(found) < 2 or not _differs(found, a, b):
        return None
    observed = abs(float(found.sum())) * (1 - NEAR)
    pairs = len(found)
    if 1 << pairs <= EXACT:
        every = (_every(begin, pairs) for begin in range(0, 1 << pairs, BLOCK))
        return float(sum(_extreme(found, signs, observed) for signs in every)) / (1 << pairs)
    rng = numpy_rng("sign flips")
    rows = max(1, BLOCK // pairs)
    drawn = (rng.choice([-1.0, 1.0], (min(rows, DRAWS - begin), pairs)) for begin in range(0, DRAWS, rows))
    return float(1 + sum(_extreme(found, signs, observed) for signs in drawn)) / (1 + DRAWS)


def improvement(a: ArrayLike, b: ArrayLike, better: Better) -> float:
    """Return the share of pairs in which a's score is better than b's; a tie counts half."""
    found = differences(a, b)
    wins = found < 0 if better == "lower" else found > 0
    return float((wins + 0.5 * (found == 0)).mean())


def smallest_sign_flip(pairs: int) -> float:
    """Return the least p that `sign_flip` can give for this many pairs."""
    return 2 / (1 << pairs) if 1 << pairs <= EXACT else 1 / (1 + DRAWS)


def _every(begin: int, pairs: int) -> FloatArray:
    """Return (k, pairs) of the 2^pairs rows of signs, from row `begin` on."""
    rows = np.arange(begin, min(begin + BLOCK, 1 << pairs))
    signs = 2.0 * ((rows[:, None] >> np.arange(pairs)) & 1) - 1
    return np.asarray(signs, dtype=np.float64)


def _extreme(found: FloatArray, signs: FloatArray, observed: float) -> int:
    return int((np.abs(signs @ found) >= observed).sum())


def _differs(found: FloatArray, a: ArrayLike, b: ArrayLike) -> bool:
    """Return False if all differences are 0 up to rounding."""
    size = max(1.0, float(np.abs(np.asarray([a, b], dtype=float)).max()))
    return float(np.abs(found).max()) > ROUNDING * size
