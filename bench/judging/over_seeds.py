"""Compare two arms with the seed as the unit: paired by seed where the runs share their starts, unpaired elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.contracts.metric import Better
from bench.judging import paired, statistics
from bench.judging.pair_verdict import LEVEL, PairVerdict, pair_verdict, seeds_to_pass
from bench.records.events import SharedStart
from bench.records.journal import Record


@dataclass(frozen=True)
class Arm:
    """Seed -> the score of an arm's run on one metric, and seed -> the key of the start that the run began with."""

    scores: Mapping[int, float]
    starts: Mapping[int, str] = field(default_factory=dict)

    @property
    def values(self) -> tuple[float, ...]:
        """Return the scores, sorted by seed."""
        return tuple(self.scores[seed] for seed in sorted(self.scores))


@dataclass(frozen=True, kw_only=True)
class OverSeeds:
    """Arm minus arm over seeds: the difference with its 95 % interval, P(better), and the p values.

    `pairs` is the number of seeds whose runs share a start; 0 if the tests are unpaired. `p_t` is that of Welch's or of
    the paired t-test, `p_exact` that of the permutation or of the sign-flip test. None if undefined.
    """

    difference: statistics.Interval
    improvement: float | None
    pairs: int
    p_t: float | None
    p_exact: float | None


def arm_of(records: Iterable[Record], metric: str) -> Arm:
    """Return the scores of finished runs on a metric, with the starts of the runs; undefined scores are left out."""
    scores, starts = {}, {}
    for record in records:
        score = record.scores.get(metric)
        if score is not None and score.value is not None:
            scores[record.cell.seed] = score.value
        if shared := record.last(SharedStart):
            starts[record.cell.seed] = shared.key
    return Arm(scores, starts)


def common_starts(one: Arm, other: Arm) -> list[int]:
    """Return the seeds of which both arms have a run from one shared start, sorted.

    Empty unless each seed that both arms have is such a seed: an arm's runs are all pairs, or none is.
    """
    both = sorted(one.scores.keys() & other.scores.keys())
    shared = [seed for seed in both if one.starts.get(seed) and one.starts[seed] == other.starts.get(seed)]
    return shared if shared == both else []


def over_seeds(one: Arm, other: Arm, better: Better) -> OverSeeds | None:
    """Return the comparison of `one` with `other`; None if an arm has no score.

    Paired by seed if they share at least two starts. The seeds that one arm lacks then do not count.
    """
    if not one.scores or not other.scores:
        return None
    seeds = common_starts(one, other)
    if len(seeds) >= 2:
        a, b = _of_seeds(one, other, seeds)
        return OverSeeds(
            difference=paired.paired_difference(a, b),
            improvement=paired.improvement(a, b, better),
            pairs=len(seeds),
            p_t=paired.paired_t(a, b),
            p_exact=paired.sign_flip(a, b),
        )
    return OverSeeds(
        difference=statistics.difference(one.values, other.values),
        improvement=statistics.improvement(one.values, other.values, better),
        pairs=0,
        p_t=statistics.welch(one.values, other.values),
        p_exact=statistics.permutation(one.values, other.values),
    )


def verdict(one: Arm, other: Arm, better: Better, p: float | None, family: int) -> PairVerdict:
    """Return what `one` is beside `other`, by a p that is adjusted for `family` comparisons."""
    seeds = common_starts(one, other)
    if len(seeds) < 2:
        return pair_verdict(one.values, other.values, better, by_seed=False, p=p, family=family)
    return pair_verdict(*_of_seeds(one, other, seeds), better, by_seed=True, p=p, family=family)


def smallest_p(one: Arm, other: Arm) -> float | None:
    """Return the least p that the exact test of the two arms can give; None with fewer than two runs an arm."""
    if len(seeds := common_starts(one, other)) >= 2:
        return paired.smallest_sign_flip(len(seeds))
    if min(len(one.scores), len(other.scores)) < 2:
        return None
    return statistics.smallest_permutation(len(one.scores), len(other.scores))


def seeds_needed(tests: Sequence[tuple[Arm, Arm]]) -> list[int | None]:
    """Return for each of some tests the least number of seeds per arm with which its p can be below .05 after Holm.

    None if the seeds at hand are enough. After Holm no p grows if one of them falls, so the least p of each test gives
    the least that can come of it.
    """
    floors = statistics.holm([smallest_p(*arms) for arms in tests])
    short = [floor is None or floor >= LEVEL for floor in floors]
    needed = seeds_to_pass([bool(common_starts(*arms)) for arms in tests]) if any(short) else [None] * len(tests)
    return [seeds if lacks else None for seeds, lacks in zip(needed, short, strict=True)]


def _of_seeds(one: Arm, other: Arm, seeds: list[int]) -> tuple[list[float], list[float]]:
    return [one.scores[seed] for seed in seeds], [other.scores[seed] for seed in seeds]
