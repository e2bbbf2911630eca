"""The temperature at which one arm has the headline score of another (Caccia et al. 2020, Language GANs Falling Short).

NLL_oracle falls with the temperature alone. To see what an arm adds to maximum likelihood, give both the same
NLL_oracle and compare what is left: NLL_test, or Self-BLEU.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from bench import stored
from bench.dataset import Opened
from bench.errors import BenchError
from bench.evaluation import Evaluator
from bench.journal import Record
from bench.models.tempered import tempered
from bench.seeding import torch_rng

TEMPERATURES = tuple(float(10**power) for power in np.linspace(-1, 1, 9))
PRECISION = 1e-3  # of the temperature, relative


class Match(NamedTuple):
    """The temperature, and the baseline's scores there: metric -> mean over its runs, None where undefined."""

    temperature: float
    headline: str
    target: float
    scores: dict[str, float | None]
    hypotheses: int


def match(baseline: Sequence[Record], arm: Sequence[Record], opened: Opened, samples: int | None = None) -> Match:
    """Temper the runs of `baseline` to the mean headline score of the runs of `arm`.

    Every temperature is judged with the same random numbers, so the search sees a smooth curve: nine temperatures from
    0.1 to 10, then bisection between two of them. BenchError where the score is out of reach.
    """
    metrics = opened.dataset.metrics(opened.data)
    name, rule = metrics[0].name, baseline[0].cell.evaluation.rule
    target = float(np.mean([_headline(record, name) for record in arm]))
    count = min(samples or baseline[0].cell.evaluation.samples, len(opened.data.valid))
    generators = [stored.generator(record, opened) for record in baseline]

    def scores(temperature: float, chosen: Sequence[Any]) -> dict[str, float | None]:
        """Means over the runs."""
        evaluator = Evaluator(opened.data, chosen, rule)
        found = [
            evaluator.judge(tempered(model, temperature), count, torch_rng(record.cell.seed_for("match"))).scores
            for model, record in zip(generators, baseline, strict=True)
        ]
        return {metric.name: _mean([run[metric.name]["value"] for run in found]) for metric in chosen}

    def gap(temperature: float) -> float:
        value = scores(temperature, metrics[:1])[name]
        if value is None:
            raise BenchError(f"{name} of {baseline[0].cell.label} is undefined at temperature {temperature:.3g}")
        return value - target

    gaps = {temperature: gap(temperature) for temperature in TEMPERATURES}
    bracket = nearest_crossing(gaps)
    if bracket is None:
        low, high = min(gaps.values()) + target, max(gaps.values()) + target
        raise BenchError(
            f"{name} = {target:.4f} of {arm[0].cell.label} is out of reach: {baseline[0].cell.label} goes from "
            f"{low:.4f} to {high:.4f} at temperatures {TEMPERATURES[0]:g} to {TEMPERATURES[-1]:g}"
        )
    temperature = bisect(gap, *bracket)
    return Match(temperature, name, target, scores(temperature, metrics), count)


def nearest_crossing(gaps: Mapping[float, float]) -> tuple[float, float] | None:
    """The two neighbouring temperatures, nearest to 1, between which the gap changes sign; None where it never does.

    NLL_oracle rises with the temperature throughout, BLEU need not: a poor model may be best in between.
    """
    pairs = [(low, high) for low, high in pairwise(sorted(gaps)) if gaps[low] * gaps[high] <= 0]
    return min(pairs, key=lambda pair: abs(math.log(pair[0] * pair[1])), default=None)


def bisect(gap: Callable[[float], float], low: float, high: float) -> float:
    """Where `gap`, of opposite sign at the two temperatures, crosses 0, by halving their ratio."""
    sign = gap(low)
    while high / low > 1 + PRECISION:
        middle = math.sqrt(low * high)
        if sign * gap(middle) > 0:
            low = middle
        else:
            high = middle
    return math.sqrt(low * high)


def _headline(record: Record, name: str) -> float:
    value = record.scores[name]["value"]
    if value is None:
        raise BenchError(f"{record.cell.label} seed {record.cell.seed} has no {name} to match")
    return float(value)


def _mean(values: Sequence[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if defined else None
