"""Judge finished runs by metrics of the user's own, from kept samples and generators. Nothing is trained.

The scores are an event of their own in a cell's journal, after the one that ended it: the cell, its id and the scores
of its dataset's metrics stay what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError, unknown
from bench.contracts.generator import Generator
from bench.contracts.metric import FloatArray, Generated, Score
from bench.files import read_scores, write_whole
from bench.judging.evaluator import Evaluator, Judgement, log_prob_of, next_log_prob_of
from bench.judging.kept_samples import kept_samples
from bench.planning.cell import ELSEWHERE
from bench.plugins.metrics import MetricPlugin, OwnMetric, as_metrics
from bench.records import at_work, fence, revive
from bench.records.events import Beside
from bench.records.journal import Journal, Record, read_record
from bench.records.runs import RunsFolder
from bench.records.store import StoreError
from bench.records.sync import project_plan
from bench.records.tracker import Tracker

if TYPE_CHECKING:
    from bench.planning.cell import Knobs
    from bench.toolkit.corpora.fetch import Corpora

JudgeOne: TypeAlias = "Callable[[Record, Sequence[MetricPlugin], Corpora], list[str]]"
"""Judges one finished run, as `rejudge` does; returns a line if its generator is lost."""


def rejudge(
    records: Sequence[Record],
    plugins: Sequence[MetricPlugin],
    corpora: Corpora,
    judged: Callable[[], object] = lambda: None,
) -> list[str]:
    """Judge each finished run by each metric that it lacks, and return a line for each generator that is lost.

    `judged` is called after each run. BenchError if a metric raises an error or breaks its contract, or if a dataset or
    the samples of a run are not what they were: runs before that one keep their new scores.
    """
    opened: dict[tuple[str, Knobs, str], Opened] = {}
    lost = []
    for record in records:
        cell = record.cell
        place = (cell.dataset, cell.dataset_settings, cell.fingerprint)
        if place not in opened:
            opened[place] = revive.reopen(cell, corpora)
        lost += _rejudge(record, opened[place], plugins)
        judged()
    return lost


def _rejudge(record: Record, opened: Opened, plugins: Sequence[MetricPlugin]) -> list[str]:
    evaluator = own_evaluator(opened, record.cell.evaluation.rule, plugins)
    with fence.held(record.folder / fence.NAME, fence.FOREVER, remove=True):  # another plan may hold the cell too
        now = read_record(record.folder)
        return _judged_alone(now if now.done else record, opened, evaluator)


def _judged_alone(record: Record, opened: Opened, evaluator: Evaluator) -> list[str]:
    lacking = _lacking(record, evaluator)
    if not lacking:
        return []
    lost, generated = list[str](), Generated(kept_samples(record, opened))
    if record.cell.reference != ELSEWHERE:
        try:
            generated = _with_probabilities(generated, revive.generator(record, opened), opened)
        except BenchError as error:  # a metric of the samples alone needs no generator
            lost.append(f"metrics that ask for probabilities are undefined: {error}")
    keep_beside(record, lacking, evaluator.only(as_metrics(lacking)).judge_samples(generated))
    return lost


def _with_probabilities(generated: Generated, generator: Generator, opened: Opened) -> Generated:
    import torch

    cpu = torch.device("cpu")
    return generated._replace(
        log_prob=log_prob_of(generator, opened.data, cpu), next_log_prob=next_log_prob_of(generator, opened.data, cpu)
    )


def chosen(runs: RunsFolder, plan: str | None = None, dataset: str | None = None) -> list[Record]:
    """Return the finished cells of a plan, of a dataset, or all; BenchError if there is none."""
    if plan is not None and plan not in runs.plans:
        raise unknown(f"plan in {runs}", plan, runs.plans)
    if plan is None:
        found = runs.finished(dataset)
    else:
        found = [record for record in runs.of_plan(plan, dataset) if record.done]
    if not found:
        raise BenchError(f"no finished run in {runs}: `bench run` makes some, `bench status` lists them")
    return found


def rejudge_folder(
    records: Sequence[Record],
    plugins: Sequence[MetricPlugin],
    corpora: Corpora,
    runs: Path,
    tracker: Tracker,
    judged: Callable[[], object] = lambda: None,
    plan: str | None = None,
    judge_one: JudgeOne | None = None,
) -> list[str]:
    """Do as `rejudge` says for cells of a runs folder, and write the plans that hold them to MLflow.

    With `plan`, whose cells they are, others may work on other plans meanwhile. `judge_one` judges one cell in place of
    `rejudge`. If the store fails, that is a line too: the scores are in the journals. BenchError also if another
    command is at work on the plan, or else in the folder.
    """
    with at_work.on_plan(plan, runs) if plan else at_work.on_all(runs):
        if judge_one is None:
            lost = rejudge(records, plugins, corpora, judged)
        else:
            lost = _one_by_one(judge_one, records, plugins, corpora, judged)
        stored, changed = RunsFolder(runs), {record.cell.id for record in records}
        for name, cells in stored.plans.items():
            if changed & cells.keys():
                try:
                    project_plan(tracker, name, cells, stored)
                except StoreError as error:
                    return [*lost, str(error)]
    return lost


def _one_by_one(
    judge_one: JudgeOne,
    records: Sequence[Record],
    plugins: Sequence[MetricPlugin],
    corpora: Corpora,
    judged: Callable[[], object],
) -> list[str]:
    lost = []
    for record in records:
        lost += judge_one(record, plugins, corpora)
        judged()
    return lost


def own_evaluator(opened: Opened, rule: str, plugins: Iterable[MetricPlugin]) -> Evaluator:
    """Return the evaluator by the user's own metrics alone; BenchError if one of them cannot be built."""
    return Evaluator(opened.data, as_metrics([plugin.on(opened.data) for plugin in plugins]), rule)


def _lacking(record: Record, evaluator: Evaluator) -> list[OwnMetric]:
    """Return the metrics of the evaluator that the run has no value of, made in the same way."""
    count = record.done.hypotheses if record.done else 0
    scores = record.scores
    return [
        metric
        for metric in evaluator.metrics
        if isinstance(metric, OwnMetric)
        and not _is_there(scores.get(metric.name), evaluator.signature(as_metrics([metric])[0], count))
    ]


def _is_there(score: Score | None, signature: str) -> bool:
    return score is not None and score.value is not None and score.signature == signature


def keep_beside(record: Record, metrics: Sequence[OwnMetric], judgement: Judgement) -> None:
    """Write the scores of the user's own metrics into a finished cell's folder, unless the same are there."""
    scores = {metric.name: judgement.scores[metric.name] for metric in metrics}
    if all(record.scores.get(name) == score for name, score in scores.items()):
        return
    _add_columns(record, {name: judgement.per_sequence[name] for name in scores if name in judgement.per_sequence})
    told = (Beside(metric=own.plugin.told, scores={own.name: scores[own.name]}) for own in metrics)
    Journal(record.folder).finish(*told)


def _add_columns(record: Record, columns: Mapping[str, FloatArray]) -> None:
    """Add scores per sequence to scores.parquet."""
    import pandas as pd

    path = record.folder / "scores.parquet"
    table = read_scores(path, str(path), f"remove {record.folder}, and run the cell again")
    added = pd.DataFrame({name: pd.Series(values) for name, values in columns.items()})
    others = table.drop(columns=list(columns), errors="ignore")
    write_whole(path, pd.concat([others, added], axis=1).to_parquet())
