"""Measure the type-I error of the printed tests on real runs: two arms whose labels are exchanged at random.

The arms should do the same with other random numbers, so that their scores have the distribution that a comparison
meets. Exchanging the labels makes sure that nothing differs between the two sides of a study.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bench.contracts.errors import BenchError
from bench.contracts.seeding import numpy_rng
from bench.judging import paired, statistics
from bench.judging.calibrate import LEVEL, Rate, Test, half_width
from bench.judging.over_seeds import Arm, common_starts

PAIRED: dict[str, Test] = {"paired t": paired.paired_t, "sign flip": paired.sign_flip}
APART: dict[str, Test] = {"p (seeds), Welch": statistics.welch, "p (seeds), permutation": statistics.permutation}


def of_runs(one: Arm, other: Arm, seeds: Sequence[int], studies: int) -> Iterator[Rate]:
    """Yield the share of studies in which p is below .05, of each test, with each number of seeds an arm.

    If the arms share their starts, a study takes seeds at random and exchanges the two runs of each with probability
    one half; the tests are the paired ones. Else it takes runs of both arms at random. No run is taken twice in a
    study. BenchError if there are too few runs.
    """
    shared = common_starts(one, other)
    for count in seeds:
        enough = len(shared) if shared else (len(one.scores) + len(other.scores)) // 2
        if enough < count:
            raise BenchError(f"{count} seeds a study: the two rows have {enough} in common; run more, or take fewer")
        for name, test in (PAIRED if shared else APART).items():
            rng = numpy_rng("null pair", name, count)
            draw = _exchanged(one, other, shared, count, rng) if shared else _mixed(one, other, count, rng)
            below = sum((p := test(*next(draw))) is not None and p < LEVEL for _ in range(studies))
            pool = f"{len(shared)} seeds, one start each" if shared else f"{len(one.scores) + len(other.scores)} runs"
            yield Rate(name, pool, count, below / studies, half_width(below / studies, studies))


def _exchanged(
    one: Arm, other: Arm, seeds: Sequence[int], count: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    values = np.array([[one.scores[seed], other.scores[seed]] for seed in seeds])
    while True:
        taken = rng.permuted(values[rng.choice(len(values), count, replace=False)], axis=1)
        yield taken[:, 0], taken[:, 1]


def _mixed(one: Arm, other: Arm, count: int, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    values = np.array([*one.values, *other.values])
    while True:
        taken = rng.choice(values, 2 * count, replace=False)
        yield taken[:count], taken[count:]
