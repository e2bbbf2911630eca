"""Measure how far raters agree beyond chance, on (raters, items) yes-or-no answers with none missing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def fleiss_kappa(judged: NDArray[np.bool_]) -> float | None:
    """Return Fleiss' kappa (1971) for two categories; None if there is one rater, or if all answers are the same."""
    return _beyond_chance(judged, values=None)


def krippendorff_alpha(judged: NDArray[np.bool_]) -> float | None:
    """Return Krippendorff's nominal alpha (2011), in which chance draws without replacement; None if undefined."""
    return _beyond_chance(judged, values=judged.size)


def _beyond_chance(judged: NDArray[np.bool_], values: int | None) -> float | None:
    """Return 1 - observed disagreement / disagreement by chance. Chance draws pairs from `values` answers, if given."""
    raters = len(judged)
    share = float(judged.mean())
    if raters < 2 or share in (0.0, 1.0):
        return None
    yes = judged.sum(0)
    observed = float((2 * yes * (raters - yes)).mean()) / (raters * (raters - 1))
    chance = 2 * share * (1 - share)
    if values is not None:
        chance *= values / (values - 1)
    return 1 - observed / chance
