"""Compute an e-value for the mean of paired differences. It stays valid however often a user looks at it.

A p value allows one look. A user who adds seeds until p is below .05 finds a difference in far more than 5 % of the
studies in which there is none. In at most 5 % of them, an e-value reaches 20 at any look (Ville's inequality).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import ArrayLike

from bench.judging.statistics import ROUNDING

SPREAD = 1.0  # variance of the effect size, in standard deviations of a difference, under the alternative
RESOLVED = 20.0  # 1 / .05


def evalue(differences: ArrayLike, spread: float = SPREAD) -> float:
    """Return the evidence in (n,) differences against "the mean difference is 0": 1 is no evidence, 20 is 1 / .05.

    It is a ratio of two likelihoods of Student's t: with an effect size drawn from N(0, spread), and with no effect.
    Haar's prior integrates the standard deviation out. If the differences are normal with mean 0, the ratio is a
    martingale with mean 1 as n grows, whatever their standard deviation.

    Sources: Gönen et al. (2005), The Bayesian two-sample t test, eq. 6; Grünwald, de Heide and Koolen (2024), Safe
    testing, section 4.3.
    """
    found = np.asarray(differences, dtype=float)
    n = len(found)
    if n < 2 or float(np.abs(found).max()) == 0:
        return 1.0
    widened = 1 + n * spread
    total = float((found**2).sum())
    between = n * float(found.mean()) ** 2
    within = max(total - between, ROUNDING**2 * total)  # equal differences give a large e-value, never infinity
    power = n / 2 * (math.log(total) - math.log(within + between / widened))
    return math.exp(min(power - math.log(widened) / 2, 700.0))


def running(differences: Sequence[float], spread: float = SPREAD) -> list[float]:
    """Return the largest e-value up to each number of differences. It never falls, so another look costs nothing."""
    return list(accumulate((evalue(differences[:n], spread) for n in range(1, len(differences) + 1)), max))


def anytime_p(differences: Sequence[float], spread: float = SPREAD) -> float:
    """Return a p value that holds at every look: 1 / the largest e-value so far, at most 1."""
    return min(1.0, 1 / max(running(differences, spread), default=1.0))
