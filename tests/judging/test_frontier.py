"""Equal diversity against closed forms; the hull against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from bench.contracts.metric import Better
from bench.contracts.seeding import numpy_rng
from bench.judging.frontier import best_at, hull


def test_between_points_a_straight_curve_is_met_exactly() -> None:
    curve = [(x, 3 * x - 1) for x in (1.0, 1.5, 4.0, 9.0)]
    for level in (1.0, 1.2, 1.5, 3.3, 9.0):
        assert best_at(curve, level, "lower") == pytest.approx(3 * level - 1)
        assert best_at(curve[::-1], level, "higher") == pytest.approx(3 * level - 1)
    assert best_at(curve, 0.999, "lower") is None and best_at(curve, 9.001, "lower") is None
    assert best_at([], 1.0, "lower") is None and best_at([(1.0, 2.0)], 1.0, "lower") == 2.0


def test_of_two_crossings_the_better_counts() -> None:
    """NLL_test = (t - 1)^2 at temperature t, NLL_oracle = t: level .25 is passed at .5 and at 1.5."""
    temperatures = np.linspace(0, 2, 2001)
    curve = [((t - 1) ** 2, t) for t in temperatures]
    for level in (0.04, 0.25, 0.81):
        assert best_at(curve, level, "lower") == pytest.approx(1 - level**0.5, abs=1e-3)
        assert best_at(curve, level, "higher") == pytest.approx(1 + level**0.5, abs=1e-3)
    assert best_at(curve, 1.01, "lower") is None


@pytest.mark.parametrize("diversity", ["lower", "higher"])
@pytest.mark.parametrize("quality", ["lower", "higher"])
@pytest.mark.parametrize("seed", range(5))
def test_the_hull_is_the_better_side_of_scipys(diversity: Better, quality: Better, seed: int) -> None:
    points = numpy_rng("hull", seed).normal(size=(60, 2))
    found = hull([(float(x), float(y)) for x, y in points], diversity, quality)
    signs = np.array([1 if better == "lower" else -1 for better in (diversity, quality)])
    whole = ConvexHull(points)
    outward = whole.equations[:, :2] * signs  # normals of the edges; on the better side both parts point to less
    better_side = {
        tuple(points[vertex]) for edge, normal in zip(whole.simplices, outward, strict=True) if (normal < 0).all()
        for vertex in edge
    }  # fmt: skip
    ends = {tuple(points[(points * signs)[:, axis].argmin()]) for axis in (0, 1)}
    assert set(found) == better_side | ends
    assert [x * signs[0] for x, _ in found] == sorted(x * signs[0] for x, _ in found)


def test_hulls_of_few_points() -> None:
    assert hull([], "lower", "lower") == []
    assert hull([(1.0, 2.0), (1.0, 2.0)], "lower", "higher") == [(1.0, 2.0)]
    assert hull([(0.0, 2.0), (1.0, 1.0), (2.0, 0.0)], "lower", "lower") == [(0.0, 2.0), (2.0, 0.0)]
    assert hull([(0.0, 0.0), (1.0, 5.0), (0.0, 3.0)], "lower", "lower") == [(0.0, 0.0)]
