"""Finished generators sampled at several temperatures, without training again (Caccia et al. 2020).

A temperature trades quality for diversity. So one point says little about an arm; its curve shows its worth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.generator import Generator
from bench.contracts.metric import Score
from bench.judging.evaluator import Evaluator
from bench.judging.match import Tempering
from bench.judging.planes import Plane, planes
from bench.records import revive
from bench.records.journal import Record
from bench.records.runs import RunsFolder
from bench.toolkit.corpora.replay import Replay
from bench.toolkit.models.tempered import takes_temperature

TEMPERATURES = tuple(step / 10 for step in range(5, 16))
SAME = ("fingerprint", "dataset_settings")


@dataclass(frozen=True, kw_only=True)
class Arm:
    """The finished runs of a row by seed, with the generators that they kept."""

    label: str
    runs: tuple[Record, ...]
    generators: tuple[Generator, ...]


@dataclass(frozen=True, kw_only=True)
class Swept:
    """The scores of one run at one temperature; their signatures name the temperature."""

    label: str
    seed: int
    temperature: float
    scores: dict[str, Score]


def rows(stored: RunsFolder, dataset: str, plan: str | None, names: Sequence[str]) -> dict[str, list[Record]]:
    """Return label -> finished runs by seed: of the rows named, else of all rows of the plan on the dataset.

    BenchError if there is none, or if several plans hold the dataset and none is named.
    """
    if names:
        return {name: stored.find(name, dataset, plan) for name in dict.fromkeys(names)}
    plan = plan or _only_plan(stored, dataset)
    records = [record for record in stored.of_plan(plan, dataset) if record.done]
    if not records:
        raise BenchError(f"no finished run of {dataset} in plan {plan} of {stored}: `bench run` makes some")
    labels = [label for record in records for label in sorted(stored.names_of(record, plan))]
    return {label: stored.of_label(label, dataset, plan) for label in dict.fromkeys(labels)}


def revived(found: dict[str, list[Record]], opened: Opened) -> tuple[list[Arm], list[str]]:
    """Return the rows whose generators can be sampled at a temperature, and a line for each row that is left out."""
    first = next(record for records in found.values() for record in records)
    arms, left_out = [], []
    for label, records in found.items():
        try:
            for record in records:
                _refuse_other(record, first)
            generators = tuple(revive.generator(record, opened) for record in records)
            for generator in generators:
                _refuse_fixed(generator)
        except BenchError as error:
            left_out.append(f"Left out, {label}: {error}.")
            continue
        arms.append(Arm(label=label, runs=tuple(records), generators=generators))
        if not all(takes_temperature(generator, "log_prob") for generator in generators):
            left_out.append(f"{label} gives no probabilities at a temperature: its NLL_test is undefined.")
    return arms, left_out


def sweep(
    arms: Sequence[Arm],
    evaluator: Evaluator,
    temperatures: Sequence[float],
    count: int,
    judged: Callable[[], object] = lambda: None,
) -> list[Swept]:
    """Judge every run at every temperature on `count` sequences, and call `judged` after each.

    The random numbers are those of the run's own final scores. So temperature 1 gives these scores again, if `count` is
    the same. Only metrics of a plane of quality and diversity are asked.
    """
    wanted = {name for plane in planes_of(evaluator) for name in (plane.quality, plane.diversity)}
    metrics = [metric for metric in evaluator.metrics if metric.name in wanted]
    found = []
    for arm in arms:
        tempering = Tempering(
            runs=arm.runs, generators=arm.generators, evaluator=evaluator, count=count, purpose=("evaluate", "final")
        )
        for temperature in temperatures:
            for run, scores in zip(arm.runs, tempering.each(temperature, metrics), strict=True):
                found.append(Swept(label=arm.label, seed=run.cell.seed, temperature=temperature, scores=scores))
                judged()
    return found


def planes_of(evaluator: Evaluator) -> list[Plane]:
    """Return the planes that the dataset's metrics make; BenchError if there is none."""
    found = planes(metric.name for metric in evaluator.metrics)
    if not found:
        raise BenchError("this dataset has neither NLL_oracle and NLL_test nor BLEU and Self-BLEU: nothing to sweep")
    return found


def sequences(arms: Sequence[Arm], opened: Opened, samples: int | None) -> int:
    """Return how many sequences each run is judged on: `samples`, else the fewest that a run's final scores have."""
    kept = [run.done.hypotheses for arm in arms for run in arm.runs if run.done is not None]
    return min(samples or min(kept), len(opened.data.valid))


def alike(runs: Sequence[Record], evaluator: Evaluator, count: int) -> dict[str, Score]:
    """Return the scores of the first run that are made as those of `count` sequences at temperature 1 are here."""
    made = {metric.name: evaluator.signature(metric, count) for metric in evaluator.metrics}
    return {name: score for run in runs[:1] for name, score in run.scores.items() if score.signature == made.get(name)}


def _only_plan(stored: RunsFolder, dataset: str) -> str:
    plans = [plan for plan in stored.plans if any(record.done for record in stored.of_plan(plan, dataset))]
    if not plans:
        raise BenchError(f"no plan in {stored} has a finished run of {dataset}: `bench run` makes some")
    if len(plans) > 1:
        raise BenchError(f"{dataset} is in several plans: choose one with --plan: {', '.join(plans)}")
    return plans[0]


def _refuse_other(record: Record, first: Record) -> None:
    """BenchError if the run is of other data, or its scores are made in another way, than the first run's."""
    cell, other = record.cell, first.cell
    if any(getattr(cell, name) != getattr(other, name) for name in SAME):
        raise BenchError(f"seed {cell.seed} was run on other data than {other.label}")
    if cell.evaluation.rule != other.evaluation.rule:
        raise BenchError(
            f"its checkpoints were chosen by {cell.evaluation.rule}, those of {other.label} by another rule"
        )


def _refuse_fixed(generator: Generator) -> None:
    """BenchError if the generator takes no temperature."""
    if isinstance(generator, Replay) or not takes_temperature(generator, "sample"):
        raise BenchError("it takes no temperature")


def points(found: Sequence[Swept], label: str, plane: Plane) -> Iterator[tuple[int, float, tuple[float, float]]]:
    """Yield seed, temperature and (diversity, quality) of a row where both are defined, by seed and temperature."""
    for one in sorted(found, key=lambda one: (one.seed, one.temperature)):
        x, y = one.scores[plane.diversity].value, one.scores[plane.quality].value
        if one.label == label and x is not None and y is not None:
            yield one.seed, one.temperature, (x, y)
