"""Comparisons at equal diversity, against curves whose quality is a known function of the diversity."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from bench.contracts.metric import Score
from bench.judging import statistics
from bench.judging.equal_diversity import against, overlap
from bench.judging.planes import Plane
from bench.judging.sweep import Swept

PLANE = Plane("bleu-4", "self-bleu-4", "higher", "lower")
TEMPERATURES = (0.5, 0.8, 1.0, 1.2, 1.5)


def swept(label: str, seed: int, quality: Callable[[float], float | None], shift: float = 0.0) -> list[Swept]:
    """Points with diversity 1 / temperature + shift, and a quality that is a function of the diversity."""

    def score(value: float | None) -> Score:
        return Score(value=value, better="lower", signature="")

    return [
        Swept(
            label=label,
            seed=seed,
            temperature=temperature,
            scores={"self-bleu-4": score(1 / temperature + shift), "bleu-4": score(quality(1 / temperature + shift))},
        )
        for temperature in TEMPERATURES
    ]


def two_rows(shifts: Sequence[float], gaps: Sequence[float]) -> list[Swept]:
    """Straight curves of slope .3: the reference's through 0 at every seed, the row's lower by a gap of the seed."""
    ours = [swept("ours", seed, lambda x: 0.3 * x, shift) for seed, shift in enumerate(shifts)]
    theirs = [swept("row", seed, lambda x, gap=gap: 0.3 * x - gap, 0.01) for seed, gap in enumerate(gaps)]  # type: ignore[misc]
    return [one for run in (*ours, *theirs) for one in run]


def test_the_difference_is_that_of_the_curves_with_welchs_interval() -> None:
    shifts, gaps = (-0.02, 0.0, 0.05), (0.1, 0.12, 0.17)
    found = list(against(two_rows(shifts, gaps), "ours", "row", PLANE))
    assert [one.temperature for one in found] == list(TEMPERATURES)
    at_one = found[2]
    level = 1 + np.mean(shifts)
    assert at_one.diversity == pytest.approx(level) and at_one.reference == pytest.approx(0.3 * level)
    assert at_one.quality == pytest.approx(0.3 * level - np.mean(gaps))
    wanted = statistics.difference([0.3 * level] * 3, [0.3 * level - gap for gap in gaps])
    assert at_one.difference is not None and wanted.low is not None
    assert tuple(at_one.difference) == pytest.approx(tuple(wanted))


def test_a_level_that_some_seed_does_not_reach_moves_to_the_nearest_that_all_reach() -> None:
    found = list(against(two_rows((-0.02, 0.0, 0.05), (0.1,)), "ours", "row", PLANE))
    assert found[0].diversity == pytest.approx(1 / 0.5 - 0.02)  # of the seed that reaches least
    assert found[-1].diversity == pytest.approx(1 / 1.5 + 0.05)
    assert all(one.difference is not None and one.difference.value == pytest.approx(0.1) for one in found)


def test_curves_that_do_not_overlap_have_no_difference() -> None:
    far = [*swept("ours", 0, lambda x: x), *swept("row", 0, lambda x: x, 5.0)]
    found = list(against(far, "ours", "row", PLANE))
    assert len(found) == 5
    assert {(one.diversity, one.reference, one.quality, one.difference) for one in found} == {(None,) * 4}
    undefined = [*swept("ours", 0, lambda x: x), *swept("row", 0, lambda x: None)]
    assert all(one.difference is None for one in against(undefined, "ours", "row", PLANE))
    assert overlap([[(0.0, 1.0), (2.0, 1.0)], [(2.0, 1.0)]]) == (2.0, 2.0)
