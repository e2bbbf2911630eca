"""Measure the type-I error of each test that a table prints, by simulation: how often equal arms are called different.

A test keeps its promise if p is below .05 in at most 5 % of studies in which nothing differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from bench.contracts.metric import FloatArray
from bench.contracts.seeding import numpy_rng
from bench.judging import paired, statistics

LEVEL = 0.05
SEQUENCES, BETWEEN = 1_000, 0.05
"""Sequences of a run, and the spread of the runs' means; a sequence's score has standard deviation 1."""

Study = Callable[[np.random.Generator, int], tuple[FloatArray, FloatArray]]
Test = Callable[[FloatArray, FloatArray], float | None]


class Rate(NamedTuple):
    """The share of studies in which the test's p was below .05, and the half-width of its 95 % interval."""

    test: str
    values: str
    seeds: int
    rate: float
    half: float


def type_one_errors(seeds: Sequence[int], studies: int) -> Iterator[Rate]:
    """Yield the type-I error of every test on every kind of values, with `seeds` seeds per arm.

    The random numbers depend only on the names of the test and of the values, so a call always gives the same rates.
    """
    for count in seeds:
        for test, values, p, draw in _cases():
            rng = numpy_rng("calibrate", test, values, count)
            below = sum((found := p(*draw(rng, count))) is not None and found < LEVEL for _ in range(studies))
            rate = below / studies
            yield Rate(test, values, count, rate, half_width(rate, studies))


def half_width(rate: float, studies: int) -> float:
    """Return the half-width of the 95 % interval of a share of so many studies."""
    return float(1.96 * (rate * (1 - rate) / studies) ** 0.5)


def _cases() -> Iterator[tuple[str, str, Test, Study]]:
    apart: dict[str, Study] = {"normal": _normal, "skewed": _skewed, "unequal spread": _unequal}
    for values, draw in apart.items():
        yield "p (seeds), Welch", values, statistics.welch, draw
        yield "p (seeds), permutation", values, statistics.permutation, draw
    yield "paired t", "normal, one start a seed", paired.paired_t, _blocks
    yield "sign flip", "normal, one start a seed", paired.sign_flip, _blocks
    yield "p (sequences)", f"runs vary by {BETWEEN} of a sequence's spread", statistics.welch, _two_runs


def _normal(rng: np.random.Generator, seeds: int) -> tuple[FloatArray, FloatArray]:
    return rng.normal(size=seeds), rng.normal(size=seeds)


def _skewed(rng: np.random.Generator, seeds: int) -> tuple[FloatArray, FloatArray]:
    return rng.exponential(size=seeds), rng.exponential(size=seeds)


def _unequal(rng: np.random.Generator, seeds: int) -> tuple[FloatArray, FloatArray]:
    return rng.normal(size=seeds), rng.normal(0, 3, seeds)


def _blocks(rng: np.random.Generator, seeds: int) -> tuple[FloatArray, FloatArray]:
    """Return the values of two arms that share a start at each seed. The start varies ten times as much as the arms."""
    start = rng.normal(0, 10, seeds)
    return start + rng.normal(size=seeds), start + rng.normal(size=seeds)


def _two_runs(rng: np.random.Generator, seeds: int) -> tuple[FloatArray, FloatArray]:
    """Return the sequence scores of one run per arm, as the paper tests them. `seeds` is not used."""
    first, second = rng.normal(0, BETWEEN, 2)
    return rng.normal(first, 1, SEQUENCES), rng.normal(second, 1, SEQUENCES)
