"""Find the pairs of metrics that make a plane of quality against diversity, which a temperature trades."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bench.contracts.metric import Better

PREFERRED = "bleu-4"


class Plane(NamedTuple):
    """The names of two metrics, and which way is up for each."""

    quality: str
    diversity: str
    quality_better: Better
    diversity_better: Better


ORACLE = Plane("nll_oracle", "nll_test", "lower", "lower")


def planes(metrics: Iterable[str]) -> list[Plane]:
    """Return the planes that these metrics make: NLL_oracle and NLL_test, BLEU-n and Self-BLEU-n by order."""
    names = set(metrics)
    found = [ORACLE] if {ORACLE.quality, ORACLE.diversity} <= names else []
    orders = sorted(int(name[5:]) for name in names if name.startswith("bleu-") and name[5:].isdigit())
    bleu = [Plane(f"bleu-{order}", f"self-bleu-{order}", "higher", "lower") for order in orders]
    return [*found, *(plane for plane in bleu if plane.diversity in names)]


def preferred(found: list[Plane]) -> Plane | None:
    """Return the plane of BLEU-4 if there is one, else the last; None if there is none."""
    return next((plane for plane in found if plane.quality == PREFERRED), found[-1] if found else None)
