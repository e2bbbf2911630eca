"""How many seeds the exact tests need, against the counts of regroupings and of sign changes."""

from __future__ import annotations

from math import comb

import pytest

from bench.cli.floor import floor


def least(rivals: int, paired: bool) -> int:
    """Return the fewest seeds whose least p, times the number of comparisons, is below .05."""
    return next(n for n in range(2, 40) if rivals * 2 / (2**n if paired else comb(2 * n, n)) < 0.05)


@pytest.mark.parametrize("rivals", [1, 2, 5, 11])
def test_the_seeds_are_those_of_the_least_p(rivals: int) -> None:
    apart, shared = least(rivals, paired=False), least(rivals, paired=True)
    assert f"needs {apart} seeds, {shared} if the runs share their starts" in floor(3, rivals)
    assert floor(apart - 1, rivals).startswith(f"{apart - 1} seeds: too few for the tests;")
    assert floor(apart, rivals).startswith(f"{apart} seeds: against")


def test_one_is_not_spoken_of_as_many() -> None:
    assert floor(1, 1).startswith("1 seed: too few for the tests; against another row an exact p")
    assert "against 3 other rows" in floor(1, 3)
