"""Judge samples made elsewhere: the evaluator's scores, the anchors beside them, and tests against stored runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.contracts.dataset import Opened
from bench.contracts.knobs import build
from bench.contracts.metric import FloatArray, Generated, Score, unknown_words
from bench.contracts.seeding import torch_rng
from bench.files import read_scores
from bench.judging import comparable, statistics
from bench.judging.evaluator import Evaluator, Judgement
from bench.judging.samples import Samples
from bench.planning import dataset_reference
from bench.planning.cell import ELSEWHERE, Cell, Evaluation
from bench.planning.preset import Preset, RunSettings
from bench.plugins import loading as plugins
from bench.plugins.metrics import MetricPlugin, as_metrics
from bench.records import revive, seal
from bench.records.journal import Record
from bench.records.runs import RunsFolder

if TYPE_CHECKING:
    from bench.toolkit.corpora.fetch import Corpora

UNIGRAM = "random-unigram"
Scored = Mapping[str, Score]
"""Scores by metric."""


class Anchor(NamedTuple):
    """A row that marks an end of the scale: held-out data, or words in random order."""

    label: str
    hypotheses: int
    scores: Scored


class Test(NamedTuple):
    """The samples against one stored run on one metric: p of Welch's test over sequences, and the gap in means."""

    label: str
    seed: int
    cell: str
    metric: str
    value: float
    difference: statistics.Interval
    p_sequences: float | None


@dataclass(frozen=True)
class Judge:
    """One dataset with the evaluator that judges runs; `real` is the cell of its *real* row."""

    opened: Opened
    evaluator: Evaluator
    real: Cell

    @property
    def strict(self) -> str | None:
        """Return a metric that fails on words outside the vocabulary; None if there is none."""
        return next((m.name for m in self.evaluator.metrics if unknown_words(m) == "error"), None)

    def scores(self, samples: Samples) -> Judgement:
        """Score the samples as runs are scored. Metrics that need the generator's probabilities are undefined."""
        return self.evaluator.judge_samples(Generated(samples.sequences))

    def anchors(self, count: int) -> Iterator[Anchor]:
        """Yield *real* and the unigram of the training data, each of at most `count` sequences, as `bench run` does."""
        yield self._anchor(self.real, self.opened.dataset.real(self.opened.data), count)

        settings = asdict(build(plugins.load("bench.baselines", UNIGRAM).Settings, {}, UNIGRAM))
        cell = replace(
            self.real, label=UNIGRAM, reference=UNIGRAM, baseline=UNIGRAM, settings=tuple(sorted(settings.items()))
        )
        trainer = revive.build_trainer(cell, self.opened.data, revive.training_rng(cell, "cpu"))
        yield self._anchor(cell, trainer.generator, count)

    def _anchor(self, cell: Cell, generator: Any, count: int) -> Anchor:
        judged = self.evaluator.judge(generator, count, torch_rng(cell.seed_for("evaluate", "final")))
        return Anchor(cell.label, len(judged.samples), judged.scores)


def open_judge(
    dataset: str,
    overrides: Sequence[str],
    plan: str | None,
    runs: RunsFolder,
    corpora: Corpora,
    own: Sequence[MetricPlugin] = (),
) -> Judge:
    """Return the judge of a dataset, prepared as for the plan's runs of it; without such runs, with default knobs.

    `own` are metrics of the user's own, which judge beside the dataset's. BenchError if the corpus is absent, unless
    `corpora` asks for made-up ones.
    """
    known = [record.cell for record in runs.of_plan(plan, dataset)] if plan else []
    if known:
        dataset = dataset_reference.as_kept(dataset, known[-1])
    owner = dataset_reference.parse(dataset).owners[0]
    like_the_plan = {owner: dict(known[-1].dataset_settings)} if known else {}
    evaluation = Evaluation(rule=known[-1].evaluation.rule) if known else Evaluation()
    preset = Preset(ELSEWHERE, RunSettings(), evaluation, datasets=like_the_plan)
    real, opened = comparable.open_planned(dataset, preset, overrides, corpora)
    evaluator = Evaluator.of(opened, real.evaluation.rule)
    beside = as_metrics([plugin.on(opened.data) for plugin in own])
    return Judge(opened, evaluator.only([*evaluator.metrics, *beside]), real)


class Weighed(NamedTuple):
    """Samples judged, with the anchors and stored runs beside them.

    `same` are the `rivals` that were made from the same data; the tests are against these.
    """

    judged: Judgement
    anchors: list[Anchor]
    rivals: list[Record]
    same: list[Record]
    tests: list[Test]


def weigh(judge: Judge, found: Samples, runs: RunsFolder, plan: str | None, name: str) -> Weighed:
    """Score samples called `name`, and set anchors and tests against stored runs beside the scores."""
    judged = judge.scores(found)
    anchors = list(judge.anchors(len(found.sequences)))
    others = rivals(runs, judge.real, plan, name)
    same = [record for record in others if record.cell.fingerprint == judge.real.fingerprint]
    return Weighed(judged, anchors, others, same, tests(judged, same))


def rivals(runs: RunsFolder, real: Cell, plan: str | None, name: str) -> list[Record]:
    """Return the finished runs of the dataset to test a row called `name` against.

    These are the plan's runs, or all runs if no plan is named or the plan has no run of the dataset yet.
    """
    planned = runs.of_plan(plan, real.dataset_label) if plan else []
    done = [record for record in planned if record.status == "done" and record.cell.label != name]
    return done or [record for record in runs.finished(real.dataset_label) if record.cell.label != name]


def tests(judged: Judgement, records: Sequence[Record]) -> list[Test]:
    """Return Welch's tests of scores per sequence against one run of each row: its lowest comparable seed.

    A run is comparable if it has a score with the same signature. Only metrics with the same signature are tested.
    """
    first: dict[tuple[str, str], Record] = {}
    for record in sorted(records, key=lambda record: (*_row(record.cell), record.cell.seed)):
        if _comparable(judged, record):
            first.setdefault(_row(record.cell), record)
    return [test for record in first.values() for test in _against(judged, record)]


def _row(cell: Cell) -> tuple[str, str]:
    """Return what the seeds of a row share. A label alone is not enough: several presets may use it."""
    return cell.label, cell.identity


def _comparable(judged: Judgement, record: Record) -> dict[str, float]:
    """Return the metrics on which the two can be tested, with the run's values."""
    if not (record.folder / "scores.parquet").is_file():
        return {}
    theirs = {name: record.scores[name] for name in judged.per_sequence if name in record.scores}
    return {
        name: score.value
        for name, score in theirs.items()
        if score.value is not None and score.signature == judged.scores[name].signature
    }


def _against(judged: Judgement, record: Record) -> Iterator[Test]:
    path = record.folder / "scores.parquet"
    seal.check(record.folder, record.seal, path.name)
    theirs = read_scores(path, str(path), f"remove {record.folder}, and run the cell again")
    for name, value in _comparable(judged, record).items():
        if name not in theirs:
            continue
        values: FloatArray = theirs[name].dropna().to_numpy(dtype=float)
        mine = judged.per_sequence[name]
        gap, p = statistics.difference(mine, values), statistics.welch(mine, values)
        yield Test(record.cell.label, record.cell.seed, record.cell.id, name, value, gap, p)
