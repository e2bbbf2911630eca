"""Compare two rows of finished runs on every metric that both have, with the seed as the unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.contracts.errors import BenchError
from bench.contracts.metric import Better
from bench.judging import evalue, over_seeds, statistics
from bench.judging.over_seeds import Arm, OverSeeds
from bench.judging.pair_verdict import LEVEL, PairVerdict, seeds_to_pass
from bench.records.journal import Record


@dataclass(frozen=True, kw_only=True)
class OnMetric:
    """Two rows on one metric: their means, `one` minus `other` over seeds, p after Holm over the metrics, the verdict.

    `found` is None if a row has no value. `needed` is the least number of seeds with which the exact p can be below .05
    after Holm; None if the seeds at hand are enough. `evidence` is the largest e-value so far, by seeds that both have.
    """

    metric: str
    better: Better
    one: float | None
    other: float | None
    found: OverSeeds | None
    holm: float | None
    verdict: PairVerdict | None
    needed: int | None
    evidence: float


@dataclass(frozen=True, kw_only=True)
class RowsCompared:
    """All metrics of two rows; `left_out` are the metrics whose values are made in different ways, or in one row only.

    `paired` are the seeds that share a start, empty if the tests are unpaired; `family` is the number of tests.
    """

    metrics: tuple[OnMetric, ...]
    left_out: tuple[str, ...]
    paired: tuple[int, ...]
    family: int


def compare_rows(one: Sequence[Record], other: Sequence[Record], metrics: Sequence[str] = ()) -> RowsCompared:
    """Return the comparison of two rows of finished runs on these metrics (default: all).

    BenchError if the rows were made from different data, if no metric can be compared, or if a metric is unknown.
    """
    if len({record.cell.fingerprint for record in (*one, *other)}) > 1:
        raise BenchError(f"{one[0].cell.label} and {other[0].cell.label} were made from different data: run both again")
    alike = [name for name in one[0].scores if _signatures(one, name) == _signatures(other, name)]
    every = dict.fromkeys([*one[0].scores, *other[0].scores])
    if unknown := [name for name in metrics if name not in alike]:
        raise BenchError(f"{unknown[0]} cannot be compared: both rows have, made in the same way, {', '.join(alike)}")
    chosen = [name for name in alike if not metrics or name in metrics]
    if not chosen:
        raise BenchError("no metric of the two rows was made in the same way: run both with the same options")
    arms = {name: (over_seeds.arm_of(one, name), over_seeds.arm_of(other, name)) for name in chosen}
    found = {name: over_seeds.over_seeds(*arms[name], one[0].scores[name].better) for name in chosen}
    exact = [result.p_exact if result else None for result in found.values()]
    family = max(1, sum(p is not None for p in exact))
    return RowsCompared(
        metrics=tuple(
            _on_metric(name, one[0].scores[name].better, arms[name], found[name], p, family)
            for name, p in zip(chosen, statistics.holm(exact), strict=True)
        ),
        left_out=tuple(name for name in every if name not in alike),
        paired=tuple(_paired(*arms[chosen[0]])),
        family=family,
    )


def _on_metric(
    name: str, better: Better, arms: tuple[Arm, Arm], found: OverSeeds | None, p: float | None, family: int
) -> OnMetric:
    one, other = arms
    least = over_seeds.smallest_p(one, other)
    short = found is not None and (least is None or least * family >= LEVEL)
    both = sorted(one.scores.keys() & other.scores.keys())
    gaps = [one.scores[seed] - other.scores[seed] for seed in both]
    return OnMetric(
        metric=name,
        better=better,
        one=_mean(one),
        other=_mean(other),
        found=found,
        holm=p,
        verdict=over_seeds.verdict(one, other, better, p, family) if found else None,
        needed=seeds_to_pass([bool(found and found.pairs)] * family)[0] if short else None,
        evidence=max(evalue.running(gaps), default=1.0),
    )


def _paired(one: Arm, other: Arm) -> list[int]:
    """Return the seeds that make pairs; empty if the tests are unpaired."""
    seeds = over_seeds.common_starts(one, other)
    return seeds if len(seeds) > 1 else []


def _signatures(records: Sequence[Record], name: str) -> set[str]:
    return {record.scores[name].signature for record in records if name in record.scores}


def _mean(arm: Arm) -> float | None:
    return sum(arm.values) / len(arm.values) if arm.values else None
