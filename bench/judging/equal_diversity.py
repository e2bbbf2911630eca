"""The quality of two rows at equal diversity: each seed's curve read at one level, and the difference over seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bench.judging import statistics
from bench.judging.frontier import Point, best_at
from bench.judging.planes import Plane
from bench.judging.sweep import Swept, points


@dataclass(frozen=True, kw_only=True)
class AtEqual:
    """The reference against one row at equal diversity.

    `diversity` is that of the reference at `temperature`, mean over seeds, or the nearest level that the curves of all
    seeds of both rows reach. `difference` is the reference's quality minus the row's, with Welch's interval
    over seeds. `diversity`, both qualities and `difference` are None if the curves do not overlap.
    """

    plane: Plane
    label: str
    temperature: float
    diversity: float | None
    reference: float | None
    quality: float | None
    difference: statistics.Interval | None


def against(found: Sequence[Swept], reference: str, label: str, plane: Plane) -> Iterator[AtEqual]:
    """Yield the comparison at the reference's diversity at each temperature, from the lowest temperature on."""
    ours, theirs = curves(found, reference, plane), curves(found, label, plane)
    shared = overlap([*ours, *theirs]) if ours and theirs else None
    levels: dict[float, list[float]] = {}
    for _, temperature, (diversity, _) in points(found, reference, plane):
        levels.setdefault(temperature, []).append(diversity)
    for temperature, values in sorted(levels.items()):
        if shared is None:
            nothing = {"diversity": None, "reference": None, "quality": None, "difference": None}
            yield AtEqual(plane=plane, label=label, temperature=temperature, **nothing)
            continue
        level = float(np.clip(np.mean(values), *shared))
        a, b = ([_at(curve, level, plane) for curve in each] for each in (ours, theirs))
        yield AtEqual(
            plane=plane,
            label=label,
            temperature=temperature,
            diversity=level,
            reference=float(np.mean(a)),
            quality=float(np.mean(b)),
            difference=statistics.difference(a, b),
        )


def curves(found: Sequence[Swept], label: str, plane: Plane) -> list[list[Point]]:
    """Return the curve of each seed of a row: its points by temperature."""
    by_seed: dict[int, list[Point]] = {}
    for seed, _, point in points(found, label, plane):
        by_seed.setdefault(seed, []).append(point)
    return list(by_seed.values())


def overlap(every: Sequence[Sequence[Point]]) -> tuple[float, float] | None:
    """Return the lowest and the highest diversity that all curves reach; None if there is none."""
    low = max(min(diversity for diversity, _ in curve) for curve in every)
    high = min(max(diversity for diversity, _ in curve) for curve in every)
    return (low, high) if low <= high else None


def _at(curve: Sequence[Point], level: float, plane: Plane) -> float:
    """Return the best quality of a curve that reaches the level."""
    found = best_at(curve, level, plane.quality_better)
    assert found is not None  # the level lies in the overlap
    return found
