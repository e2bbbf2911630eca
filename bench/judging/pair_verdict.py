"""Put a comparison of two arms into words: better, worse, or not distinguishable and how many more seeds would do."""

from __future__ import annotations

import math
from bisect import bisect_left as bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from bench.contracts.metric import Better
from bench.judging import paired, statistics

LEVEL, POWER = 0.05, 0.8
MOST_SEEDS = 1000

Word = Literal["better", "worse", "not distinguishable"]


@dataclass(frozen=True, kw_only=True)
class PairVerdict:
    """The verdict in a word, the p value behind it (None if undefined), and the seeds that would do.

    With `more` further seeds per arm, 80 % of studies would find a difference of the observed size. `more` is None if
    the verdict is clear, or if nothing can be said (fewer than two seeds, no difference, or more than 1,000 seeds).
    """

    word: Word
    p: float | None
    seeds: int
    more: int | None = None

    def __str__(self) -> str:
        if self.word != "not distinguishable":
            return self.word
        count = f"with {self.seeds} seed{'' if self.seeds == 1 else 's'}"
        if self.p is None:
            return f"not distinguishable {count}"
        wanted = f"about {self.more} more" if self.more is not None else f"more than {MOST_SEEDS:,}"
        return f"not distinguishable {count}, {wanted} would do"


def pair_verdict(
    a: ArrayLike, b: ArrayLike, better: Better, *, by_seed: bool, p: float | None, family: int = 1
) -> PairVerdict:
    """Return whether arm `a` is better than arm `b`. Each value is the score of one run, one run per seed.

    `by_seed` means that the values come in pairs that share a start. `p` decides; it is already adjusted for `family`,
    the number of comparisons made together.
    """
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    gap = float(first.mean() - second.mean()) if len(first) and len(second) else 0.0
    seeds = min(len(first), len(second))
    if p is not None and p < LEVEL and gap:
        return PairVerdict(word="better" if (gap < 0) == (better == "lower") else "worse", p=p, seeds=seeds)
    wanted = None if p is None else seeds_wanted(first, second, by_seed=by_seed, family=family)
    return PairVerdict(
        word="not distinguishable", p=p, seeds=seeds, more=None if wanted is None else max(1, wanted - seeds)
    )


def seeds_wanted(a: ArrayLike, b: ArrayLike, *, by_seed: bool, family: int = 1) -> int | None:
    """Return how many seeds per arm find the observed difference at level .05 in 80 % of studies.

    The count is for the t-test, paired or not, with the observed spread, at level .05 / family. It is large enough for
    the exact test to reach that level too. None if there is no spread or no difference, or if it is above 1,000.
    """
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if min(len(first), len(second)) < 2:
        return None
    if by_seed:
        found = paired.differences(first, second)
        gap, spread = float(found.mean()), float(found.std(ddof=1))
    else:
        gap = float(first.mean() - second.mean())
        spread = math.sqrt((float(first.var(ddof=1)) + float(second.var(ddof=1))) / 2)
    if abs(gap) <= statistics.ROUNDING * max(1.0, float(np.abs(first).max())) or spread == 0:
        return None
    effect, level = abs(gap) / spread, LEVEL / family
    counts = range(2, MOST_SEEDS + 1)  # power grows with seeds, and the least p falls
    enough = bisect(counts, True, key=lambda n: power(effect, n, by_seed=by_seed, level=level) >= POWER)
    passes = bisect(counts, True, key=lambda n: _least_p(n, by_seed=by_seed) < level)
    last = max((enough, passes))
    return counts[last] if last < len(counts) else None


def seeds_to_pass(kinds: Sequence[bool], level: float = LEVEL) -> list[int | None]:
    """Return for each test the least number of seeds per arm with which its exact p can be below `level` after Holm.

    Holm is over all these tests, one for each row; `kinds` tells which are paired by seed. With fewer seeds, no
    difference is large enough. For 11 tests alike: 6 seeds unpaired, 9 paired. None if 1,000 seeds are too few.
    """
    found: dict[bool, int | None] = {kind: _seeds_to_pass(kinds, kind, level) for kind in set(kinds)}
    return [found[kind] for kind in kinds]


def _seeds_to_pass(kinds: Sequence[bool], kind: bool, level: float) -> int | None:
    place, counts = kinds.index(kind), range(2, MOST_SEEDS + 1)

    def passes(seeds: int) -> bool:
        adjusted = statistics.holm([_least_p(seeds, by_seed=by_seed) for by_seed in kinds])[place]
        return adjusted is not None and adjusted < level

    found = bisect(counts, True, key=passes)
    return counts[found] if found < len(counts) else None


def _least_p(seeds: int, *, by_seed: bool) -> float:
    """Return the least p that the exact test can give with this many seeds per arm."""
    return paired.smallest_sign_flip(seeds) if by_seed else statistics.smallest_permutation(seeds, seeds)


def power(effect: float, seeds: int, *, by_seed: bool, level: float = LEVEL) -> float:
    """Return the power of the two-sided t-test for an effect in standard deviations, with `seeds` seeds per arm."""
    from scipy.stats import nct, t

    freedom = seeds - 1 if by_seed else 2 * (seeds - 1)
    shift = effect * math.sqrt(seeds if by_seed else seeds / 2)
    bound = float(t.ppf(1 - level / 2, freedom))
    other = float(nct.cdf(-bound, freedom, shift))  # the wrong sign; scipy gives NaN where it is 0
    return float(nct.sf(bound, freedom, shift)) + (0.0 if math.isnan(other) else other)
