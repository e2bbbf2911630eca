"""Curves of quality against diversity: where a curve passes a level of diversity, and the hull of several curves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from bench.contracts.metric import Better

Point = tuple[float, float]
"""(diversity, quality) of one generator at one temperature."""


def best_at(curve: Sequence[Point], level: float, better: Better) -> float | None:
    """Return the best quality that a curve has at a level of diversity; None if it does not reach the level.

    The points stand in the order of their temperatures, and straight lines join neighbours. NLL_test is lowest near one
    temperature and rises on both sides, so a curve may pass a level twice: the better of the two counts.
    """
    found = [quality for diversity, quality in curve if diversity == level]
    for (left, begin), (right, end) in pairwise(curve):
        if min(left, right) < level < max(left, right):
            found.append(begin + (end - begin) * (level - left) / (right - left))
    return (min if better == "lower" else max)(found, default=None)


def hull(points: Sequence[Point], diversity: Better, quality: Better) -> list[Point]:
    """Return the corners of the convex hull on the side that is better in both, from the most diverse point on.

    It runs from the point of best diversity to the point of best quality. Source: Andrew (1979), Another efficient
    algorithm for convex hulls in two dimensions.
    """
    x, y = (1 if better == "lower" else -1 for better in (diversity, quality))
    corners: list[Point] = []
    for point in sorted({(x * first, y * second) for first, second in points}):
        while len(corners) > 1 and _turn(corners[-2], corners[-1], point) <= 0:
            corners.pop()
        corners.append(point)
    best = min((second for _, second in corners), default=0.0)
    last = next((place for place, (_, second) in enumerate(corners) if second == best), 0)
    return [(x * first, y * second) for first, second in corners[: last + 1]]


def _turn(first: Point, second: Point, third: Point) -> float:
    """Return a positive number if the way through the points turns left, 0 if it is straight."""
    return (second[0] - first[0]) * (third[1] - first[1]) - (second[1] - first[1]) * (third[0] - first[0])
