"""Predict how long a trainer takes, from the stage times that `bench speed` measured and the cost that it states."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NotRequired, TypedDict

from bench.contracts.cost import Costed, Sizes, Stage
from bench.contracts.errors import BenchError
from bench.contracts.knobs import build
from bench.files import write_whole
from bench.planning.cell import REAL, Cell
from bench.plugins.blame import blaming
from bench.plugins.loading import load
from bench.records.events import Epoch, Start
from bench.records.journal import FAILURES, Record
from bench.toolkit.corpora.fetch import user_cache

if TYPE_CHECKING:
    from bench.contracts.dataset import Opened

VOCABULARY, LENGTH, TRAIN, MANY, BATCH, ROLLOUTS = 5_000, 20, 9_984, 10_000, 64, 16
"""The official sizes, at which `bench speed` times the stages. MANY is the number of sequences drawn, or per class."""
UNITS: Mapping[str, tuple[str, int]] = {
    "sample": ("a", MANY),
    "teacher-forcing": ("b", TRAIN),
    "log-prob": ("c", MANY),
    "discriminator": ("d", 2 * MANY),
    "rollout": ("e", BATCH * ROLLOUTS),
    "policy-gradient": ("f", BATCH),
}
"""Kind of work in a stated cost -> its stage in `bench speed`, and the number of sequences timed there."""


class Part(NamedTuple):
    """The seconds of a part of a training; arms of a seed do parts whose `shared` is the same text only once."""

    seconds: float
    shared: str


class StageTime(TypedDict):
    """The measured time of a stage, in seconds; `rate` is in units a second, `peak_share` a share of sgemm's peak."""

    stage: str
    seconds: float
    runs: list[float]
    rate: float
    unit: str
    peak_share: float | None
    foreign_cores: float
    discarded: int


class SpeedReport(TypedDict):
    """What `bench speed --json` prints; hours are there if every stage was timed."""

    device: str
    threads: int
    sgemm_gflops: float
    stages: dict[str, StageTime]
    hours: NotRequired[dict[str, dict[str, float | None]]]
    hours_together: NotRequired[dict[str, float]]


def path() -> Path:
    """Return the file of the stage times of `bench speed`, in the user's cache folder."""
    return user_cache() / "speed.json"


def save(report: SpeedReport) -> None:
    """Write the result of `bench speed` to that file, atomically."""
    write_whole(path(), json.dumps(report, indent=1).encode())


def measured(device: str) -> dict[str, float] | None:
    """Return stage -> seconds on one thread (or on the GPU); None if `bench speed` has not run on that device."""
    try:
        report: SpeedReport = json.loads(path().read_text(encoding="utf-8"))
        if report["device"] != device:
            return None
        # Two processes of one thread do a little more than one process of two threads, so this is slightly too high.
        threads = report["threads"] if device == "cpu" else 1
        return {key: stage["seconds"] * threads for key, stage in report["stages"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def training_seconds(settings: object, stages: Mapping[str, float], sizes: Sizes, where: str) -> float | None:
    """Return the seconds of one training with these knobs; None if they state no cost.

    BenchError as in `parts`.
    """
    found = parts(settings, stages, sizes, where)
    return None if found is None else sum((part.seconds for part in found), 0.0)


def parts(settings: object, stages: Mapping[str, float], sizes: Sizes, where: str) -> list[Part] | None:
    """Return the seconds of each part of one training; None if the knobs state no cost.

    `stages` are the seconds of each stage of `bench speed`. BenchError names `where` if the cost breaks its contract,
    bench/contracts/cost.py.
    """
    if not isinstance(settings, Costed) or not callable(settings.cost):  # a knob may have that name
        return None
    with blaming("predict the hours of", where):
        cost = list(settings.cost(sizes))
    return [Part(_seconds(stage, stages, sizes, where), stage.shared) for stage in cost]


def together(trainings: Iterable[Sequence[Part]]) -> float:
    """Return the seconds of several trainings with one seed: work that they share counts once."""
    every = [part for training in trainings for part in training]
    shared = {part.shared: part.seconds for part in every if part.shared}
    return sum(part.seconds for part in every if not part.shared) + sum(shared.values())


def _seconds(stage: Stage, stages: Mapping[str, float], sizes: Sizes, where: str) -> float:
    """Return the seconds of a part of training. Teacher forcing scales with T and V; other work does not scale."""
    if not isinstance(stage, Stage) or stage.work not in UNITS:
        known = f"the work is one of {', '.join(UNITS)}"
        raise BenchError(f"cost() of {where} gives {stage!r:.80}; give a Stage(work, sequences), where {known}")
    if not isinstance(stage.sequences, int | float) or not 0 <= stage.sequences < math.inf:
        raise BenchError(f"cost() of {where}: {stage.work} of {stage.sequences!r} sequences; give a number from 0 on")
    key, timed = UNITS[stage.work]
    scale = sizes.length * sizes.vocabulary / (LENGTH * VOCABULARY) if stage.work == "teacher-forcing" else 1.0
    return stages[key] * stage.sequences / timed * scale


def expected(cells: Sequence[Cell], datasets: Mapping[str, Opened]) -> dict[str, float]:
    """Return cell id -> seconds of training, for the cells of a plan whose trainers state their cost.

    Empty if `bench speed` has not run on the device.
    """
    trained = [cell for cell in cells if cell.reference != REAL]
    stages = measured(trained[0].device) if trained else None
    if stages is None:
        return {}
    seconds = {cell.id: 0.0 for cell in cells if cell.reference == REAL}
    for cell in trained:
        data = datasets[cell.dataset_label].data
        settings = build(load("bench.baselines", cell.reference).Settings, dict(cell.settings), cell.baseline)
        sizes = Sizes(len(data.train), data.length, len(data.vocabulary))
        spent = training_seconds(settings, stages, sizes, cell.reference)
        if spent is not None:
            seconds[cell.id] = spent / (cell.threads if cell.device == "cpu" else 1)
    return seconds


class TimeLeft:
    """Predicts the time left of each cell from other seeds of its arm, else from `expected`, else from the mean.

    The times of cells that ended correct `expected`. A running cell takes at least as long as the remaining epochs of
    its phase, by the time of its latest epoch.
    """

    def __init__(self, records: Sequence[Record], expected: Mapping[str, float]) -> None:
        self.records, self.expected = records, expected
        self.spent: dict[tuple[str, str], list[float]] = {}
        told = measured = 0.0
        for record in records:
            if record.done and record.done.wall_seconds is not None:
                self.spent.setdefault(_arm(record), []).append(record.done.wall_seconds)
                if record.cell.id in expected:
                    told, measured = told + expected[record.cell.id], measured + record.done.wall_seconds
        self.scale = measured / told if told else 1.0

    def of(self, record: Record) -> float | None:
        """Return the seconds left of a cell; None if nothing is known yet."""
        if record.status in ("done", "damaged", *FAILURES):
            return 0.0
        whole, least = self._whole(record), _rest_of_phase(record)
        if whole is None:
            return least or None
        start = record.last(Start) if record.status == "running" else None
        since = time.time() - start.time if start else 0.0
        return max(least, whole - since)

    def total(self, jobs: int, records: Sequence[Record] | None = None) -> float | None:
        """Return the seconds until the last of the records (default: all) ends; None if unknown.

        The jobs share the work evenly, but no cell is shared.
        """
        left = [self.of(record) for record in (self.records if records is None else records)]
        known = [seconds for seconds in left if seconds is not None]
        return None if len(known) < len(left) else max(sum(known) / jobs, max(known, default=0.0))

    def _whole(self, record: Record) -> float | None:
        times = self.spent.get(_arm(record))
        if times:
            return sum(times) / len(times)
        if record.cell.id in self.expected:
            return self.scale * self.expected[record.cell.id]
        every = [seconds for times in self.spent.values() for seconds in times]
        return sum(every) / len(every) if every else None


def _rest_of_phase(record: Record) -> float:
    """Return the seconds that the epochs left in a running cell's phase take; 0 if none has ended."""
    epoch = record.last(Epoch) if record.status == "running" else None
    return (epoch.epochs - epoch.epoch) * (epoch.seconds or 0.0) if epoch else 0.0


def _arm(record: Record) -> tuple[str, str]:
    return record.cell.dataset_label, record.cell.label
