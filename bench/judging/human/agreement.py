"""How far raters agree beyond chance, on (raters, items) yes-or-no answers with none missing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def fleiss_kappa(judged: NDArray[np.bool_]) -> float | None:
    """Fleiss' kappa (1971) with two categories; None if undefined: one rater, or one answer throughout."""
    return _beyond_chance(judged, values=None)


def krippendorff_alpha(judged: NDArray[np.bool_]) -> float | None:
    """Krippendorff's nominal alpha (2011): kappa with chance taken without replacement; None if undefined."""
    return _beyond_chance(judged, values=judged.size)


def _beyond_chance(judged: NDArray[np.bool_], values: int | None) -> float | None:
    """1 - disagreement observed / disagreement by chance; `values` is the finite number chance draws pairs from."""
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
