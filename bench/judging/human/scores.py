"""Score Table 2's human column: the share judged real, with an interval and a test clustered by rater and by item.

Raters and items are both drawn from larger populations, and every rater judges every item, so answers share their rater
and their item. The variance of a mean is then V_raters + V_items - V_cells (two-way clustering: Cameron, Gelbach and
Miller, 2011; unbiased for crossed random effects). It is never taken below the variance of independent answers. With
Satterthwaite's degrees of freedom this is Clark's quasi-F (1973), which does not treat language as a fixed effect.
A t-test over answers counts them as independent. It calls identical methods different in far more than 5 % of cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.judging.human.answers import Answers
from bench.judging.human.sheet import Sheet
from bench.judging.statistics import holm
from bench.records.human import HumanScore

TEST = "two-sided t on crossed raters and items (quasi-F), Holm over the sheet"


class Clustered(NamedTuple):
    """A variance over raters and items, and its degrees of freedom."""

    variance: float
    freedom: float


def score(sheet: Sheet, answers: Answers, reference: str = "seqgan") -> dict[str, HumanScore]:
    """Return origin -> score, in the sheet's order. Every p is None if the reference is not on the sheet."""
    origins = np.array([item.origin for item in sheet.items])
    judged = {origin: answers.judged_real[:, origins == origin] for origin in sheet.origins}
    others = [origin for origin in sheet.origins if origin != reference] if reference in judged else []
    p = dict(zip(others, holm([difference_p(judged[reference], judged[other]) for other in others]), strict=True))
    return {origin: _score(shown, p.get(origin), sheet.cells.get(origin, "")) for origin, shown in judged.items()}


def _score(judged: NDArray[np.bool_], p: float | None, cell: str) -> HumanScore:
    """Return the score of one origin from its (raters, items) answers."""
    low, high = interval(judged)
    raters, items = judged.shape
    return HumanScore(value=float(judged.mean()), low=low, high=high, p=p, raters=raters, items=items, cell=cell)


def interval(judged: NDArray[np.bool_]) -> tuple[float | None, float | None]:
    """Return the 95 % interval of the share in (raters, items) answers.

    It is Wilson's interval for the number of independent answers that would have the same variance. It is undefined for
    a single rater. In simulations it covers 87 to 94 % with two raters, 92 % or more with three.
    """
    from scipy.special import stdtrit

    if len(judged) < 2:
        return None, None
    share = float(judged.mean())
    variance, freedom = clustered([judged])
    spread = share * (1 - share)
    worth = spread / variance if spread else min(judged.shape)
    t2 = float(stdtrit(freedom, 0.975)) ** 2
    centre = (share + t2 / (2 * worth)) / (1 + t2 / worth)
    half = float(np.sqrt(t2 * (spread / worth + t2 / (4 * worth**2)))) / (1 + t2 / worth)
    return max(0.0, centre - half), min(1.0, centre + half)


def difference_p(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float | None:
    """Return p of "two origins are taken for real equally often", from (raters, items) answers of the same raters.

    It is undefined for a single rater. With two raters, identical methods are called different 8 to 11 times in 100.
    """
    from scipy.special import stdtr

    if len(one) < 2:
        return None
    difference = abs(float(one.mean() - other.mean()))
    if difference == 0:
        return 1.0
    variance, freedom = clustered([one, other])
    return 2 * float(stdtr(freedom, -difference / np.sqrt(variance)))


def clustered(origins: Sequence[NDArray[np.bool_]]) -> Clustered:
    """Return the variance of one origin's mean, or of the difference of two; needs two raters and two items or more."""
    raters, items = origins[0].shape
    by_rater = origins[0].mean(1) - (origins[1].mean(1) if len(origins) == 2 else 0)
    parts = [(float(by_rater.var(ddof=1)) / raters, raters - 1)]
    parts += [(float(judged.mean(0).var(ddof=1)) / items, items - 1) for judged in origins]
    parts += [(-_cells(judged), (raters - 1) * (items - 1)) for judged in origins]
    variance = sum(part for part, _ in parts)
    share = float(np.mean(origins))
    independent = len(origins) * share * (1 - share) / (raters * items)
    if variance <= independent:
        return Clustered(independent, len(origins) * (items - 1))
    return Clustered(variance, variance**2 / sum(part**2 / freedom for part, freedom in parts))


def _cells(judged: NDArray[np.bool_]) -> float:
    """Return the part of the mean's variance that neither rater nor item explains."""
    rest = judged - judged.mean(1, keepdims=True) - judged.mean(0) + judged.mean()
    raters, items = judged.shape
    return float((rest**2).sum() / ((raters - 1) * (items - 1) * raters * items))
