"""Find the temperature at which one arm has another's headline score (Caccia et al. 2020, Language GANs Falling Short).

A lower temperature alone lowers NLL_oracle. To see what an arm adds to maximum likelihood, bring both to the same
NLL_oracle and compare their other scores: NLL_test, or Self-BLEU.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.generator import Generator
from bench.contracts.metric import Metric, Score, signature_of
from bench.contracts.seeding import torch_rng
from bench.judging.evaluator import Evaluator
from bench.records import revive
from bench.records.journal import Record
from bench.toolkit.corpora.fetch import Corpora
from bench.toolkit.models.tempered import tempered

TEMPERATURES = tuple(float(10**power) for power in np.linspace(-1, 1, 9))
PRECISION = 1e-3  # of the temperature, relative
MOST = len(TEMPERATURES) + math.ceil(math.log2(math.log(TEMPERATURES[1] / TEMPERATURES[0]) / math.log1p(PRECISION)))
"""The most temperatures that are tried: those, then the halvings of a step between two of them."""


@dataclass(frozen=True, kw_only=True)
class Match:
    """The temperature, and the baseline's scores there: metric -> mean over its runs, None if undefined.

    `arm` holds the arm's own scores; it is empty if there is no arm, only a score. If the arm was judged by a metric in
    another way, that score is missing there and `unlike` tells the signatures. `hypotheses` sequences of each run were
    judged.
    """

    temperature: float
    headline: str
    target: float
    scores: dict[str, float | None]
    arm: dict[str, float | None]
    unlike: dict[str, str]
    hypotheses: int


@dataclass(frozen=True, kw_only=True)
class Tempering:
    """Runs with their generators, each judged on `count` sequences, always from the same random numbers.

    `purpose` names these random numbers: ("evaluate", "final") gives those of the run's own final scores.
    """

    runs: Sequence[Record]
    generators: Sequence[Generator]
    evaluator: Evaluator
    count: int
    purpose: tuple[str, ...] = ("match",)

    def scores(self, temperature: float, metrics: Sequence[Metric]) -> dict[str, float | None]:
        """Return metric -> mean over the runs at a temperature; None if undefined."""
        found = list(self.each(temperature, metrics))
        return {metric.name: mean([scores[metric.name].value for scores in found]) for metric in metrics}

    def each(self, temperature: float, metrics: Sequence[Metric]) -> Iterator[dict[str, Score]]:
        """Yield the scores of each run at a temperature, which their signatures name."""
        judge = replace(self.evaluator, metrics=metrics, temperature=temperature).judge
        for model, run in zip(self.generators, self.runs, strict=True):
            yield judge(tempered(model, temperature), self.count, torch_rng(run.cell.seed_for(*self.purpose))).scores


def open_common(baseline: Sequence[Record], arm: Sequence[Record], corpora: Corpora) -> Opened:
    """Open the dataset that both rows were run on; BenchError if they were run on different data.

    `arm` may be empty.
    """
    ours, theirs = baseline[0].cell, (arm or baseline)[0].cell
    if ours.fingerprint != theirs.fingerprint:
        raise BenchError(
            f"{ours.label} (cell {ours.id}) and {theirs.label} (cell {theirs.id}) were run on different data: "
            "run both in one plan"
        )
    return revive.reopen(ours, corpora)


def match(
    baseline: Sequence[Record],
    arm: Sequence[Record],
    opened: Opened,
    samples: int | None = None,
    tried: Callable[[], object] = lambda: None,
    score: float | None = None,
) -> Match:
    """Temper the runs of `baseline` to the mean headline score of the runs of `arm`, or to `score` if that is given.

    It tries nine temperatures from 0.1 to 10, then bisects between two of them. All are judged with the same random
    numbers, so the curve is smooth, and smoother with more sequences. `samples` is the number of sequences per run. Its
    default is the arm's number, so that scores that depend on it, such as Self-BLEU, are comparable. With a `score` the
    arm may be empty; the default is then the baseline's number. BenchError if the score is out of reach. `tried` is
    called after each temperature, MOST times at most.
    """
    evaluator = Evaluator.of(opened, baseline[0].cell.evaluation.rule)
    metrics = evaluator.metrics
    name = metrics[0].name
    target = float(np.mean([_headline(record, metrics[0]) for record in arm])) if score is None else score
    count = min(samples or _hypotheses((arm or baseline)[0]), len(opened.data.valid))
    generators = [revive.generator(record, opened) for record in baseline]
    tempering = Tempering(runs=baseline, generators=generators, evaluator=evaluator, count=count)

    def gap(temperature: float) -> float:
        value = tempering.scores(temperature, metrics[:1])[name]
        if value is None:
            raise BenchError(f"{name} of {baseline[0].cell.label} is undefined at temperature {temperature:.3g}")
        tried()
        return value - target

    gaps = {temperature: gap(temperature) for temperature in TEMPERATURES}
    bracket = nearest_crossing(gaps)
    if bracket is None:
        owner = f" of {arm[0].cell.label}" if arm else ""
        reached = [target + each for each in gaps.values()]
        raise _out_of_reach(f"{name} = {target:.4f}{owner}", baseline[0].cell.label, reached)
    temperature = bisect(gap, *bracket, at_low=gaps[bracket[0]])
    unlike = dict(_unlike(arm, evaluator.only(metrics[1:]), count))
    beside = {m.name: mean([r.scores[m.name].value for r in arm]) for m in metrics if m.name not in unlike}
    return Match(
        temperature=temperature,
        headline=name,
        target=target,
        scores=tempering.scores(temperature, metrics),
        arm=beside if arm else {},
        unlike=unlike,
        hypotheses=count,
    )


def _out_of_reach(wanted: str, label: str, reached: Sequence[float]) -> BenchError:
    span = f"at temperatures {TEMPERATURES[0]:g} to {TEMPERATURES[-1]:g}"
    return BenchError(f"{wanted} is out of reach: {label} goes from {min(reached):.4f} to {max(reached):.4f} {span}")


def nearest_crossing(gaps: Mapping[float, float]) -> tuple[float, float] | None:
    """Return the neighbouring temperatures, nearest to 1, between which the gap changes sign; None if it never does.

    NLL_oracle always rises with the temperature. BLEU need not: a poor model may score best somewhere in between.
    """
    pairs = [(low, high) for low, high in pairwise(sorted(gaps)) if gaps[low] * gaps[high] <= 0]
    return min(pairs, key=lambda pair: abs(math.log(pair[0] * pair[1])), default=None)


def bisect(gap: Callable[[float], float], low: float, high: float, *, at_low: float) -> float:
    """Return the temperature between `low` and `high` at which `gap` crosses 0, by bisection of their ratio.

    `at_low` is the gap at `low`. No temperature is tried twice, and neither end is tried.
    """
    while high / low > 1 + PRECISION:
        middle = math.sqrt(low * high)
        if at_low * gap(middle) > 0:
            low = middle
        else:
            high = middle
    return math.sqrt(low * high)


def _hypotheses(record: Record) -> int:
    """Return the number of sequences that a finished run was judged on."""
    if record.done is None:
        raise BenchError(f"{record.cell.label} seed {record.cell.seed} is {record.status}, not done")
    return record.done.hypotheses


def _headline(record: Record, metric: Metric) -> float:
    """Return the run's headline score; BenchError if its signature differs. The number of sequences may differ."""
    found = record.scores.get(metric.name)
    if found is None or found.value is None:
        raise BenchError(f"{record.cell.label} seed {record.cell.seed} has no {metric.name} to match")
    if not found.signature.startswith(f"{signature_of(metric)}|hyps:"):
        raise BenchError(
            f"{metric.name} of {record.cell.label} seed {record.cell.seed} is {found.signature}, here it would be "
            f"{signature_of(metric)}: give both runs the same knobs of the dataset"
        )
    return found.value


def _unlike(arm: Sequence[Record], evaluator: Evaluator, count: int) -> Iterator[tuple[str, str]]:
    """Yield each metric whose stored signature is not that of `count` sequences judged here, and all its signatures."""
    for metric in evaluator.metrics:
        ours = evaluator.signature(metric, count)
        scores = [record.scores.get(metric.name) for record in arm]
        found = {score.signature if score else "none" for score in scores}
        if others := sorted(found - {ours}):
            yield metric.name, f"{' and '.join(others)}, here {ours}"


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean; None if a value is undefined, since the mean of the others would be of fewer runs."""
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if defined and len(defined) == len(values) else None
