"""How long a trainer will take, from the stage times that `bench speed` measured and the trainer's own knobs."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.files import write_whole
from bench.planning.cell import REAL, Cell
from bench.records.events import Start
from bench.records.journal import Record
from bench.toolkit.corpora.fetch import user_cache

if TYPE_CHECKING:
    from bench.contracts.dataset import Opened

VOCABULARY, LENGTH, TRAIN, MANY, ROLLOUTS = 5_000, 20, 9_984, 10_000, 16
"""The official sizes, at which `bench speed` times the stages; MANY are sampled, or discriminated on either side."""
OFFICIAL_TOKENS = TRAIN * LENGTH * VOCABULARY


def path() -> Path:
    """Where `bench speed` leaves its stage times: the user's cache folder."""
    return user_cache() / "speed.json"


def save(facts: Mapping[str, Any]) -> None:
    """Keep the result of `bench speed`, atomically."""
    write_whole(path(), json.dumps(facts, indent=1).encode())


def measured(device: str) -> dict[str, float] | None:
    """Stage -> seconds on one thread (or on the GPU), if `bench speed` has run for that device."""
    try:
        facts = json.loads(path().read_text(encoding="utf-8"))
        if facts["device"] != device:
            return None
        # Two one-thread processes do a little more than one of two threads: scaling by the threads errs on that side.
        threads = facts["threads"] if device == "cpu" else 1
        return {key: stage["seconds"] * threads for key, stage in facts["stages"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def training_seconds(knobs: Mapping[str, Any], stages: Mapping[str, float], *, train: int, tokens: int) -> float:
    """Seconds of one seed; `tokens` = `train` sequences x T x vocabulary. Numbers that a trainer lacks cost nothing."""
    scale = tokens / OFFICIAL_TOKENS
    mle = knobs.get("mle_epochs", 0) * stages["b"] * scale
    rounds = knobs.get("adversarial_steps", 0)
    policy = rounds * knobs.get("g_steps", 1) * stages["f"]
    if {"rollouts", "k", "d_steps", "filters", "batch"} <= knobs.keys():  # SeqGAN's: a discriminator rewards
        policy += rounds * knobs.get("g_steps", 1) * stages["e"] * knobs["rollouts"] / ROLLOUTS
        meetings = knobs.get("discriminator_epochs", 0) + rounds * knobs["d_steps"]
        shown = 2 * train * knobs["k"]
        if knobs.get("discriminator_updates"):
            shown = min(shown, knobs["discriminator_updates"] * knobs["batch"])
        negatives = shown / 2 / knobs["k"]
        policy += meetings * (shown / (2 * MANY) * stages["d"] * knobs["filters"] + negatives / MANY * stages["a"])
    return float(mle + policy)


def expected(cells: Sequence[Cell], datasets: Mapping[str, Opened]) -> dict[str, float]:
    """Cell id -> seconds of training, for the cells of a plan; empty where `bench speed` has not run on the device."""
    trained = [cell for cell in cells if cell.reference != REAL]
    stages = measured(trained[0].device) if trained else None
    if stages is None:
        return {}
    seconds = {cell.id: 0.0 for cell in cells}
    for cell in trained:
        found = datasets[cell.dataset_label].data
        tokens = found.train.size * len(found.vocabulary)
        knobs = {name: value for name, value in cell.settings if isinstance(value, int | float)}
        spent = training_seconds(knobs, stages, train=len(found.train), tokens=tokens)
        seconds[cell.id] = spent / (cell.threads if cell.device == "cpu" else 1)
    return seconds


class TimeLeft:
    """What is left of each cell: by what other seeds of its arm took, else what was expected, else the mean so far."""

    def __init__(self, records: Sequence[Record], expected: Mapping[str, float]) -> None:
        self.records, self.expected = records, expected
        self.spent: dict[tuple[str, str], list[float]] = {}
        for record in records:
            if record.done and record.done.wall_seconds is not None:
                self.spent.setdefault(_arm(record), []).append(record.done.wall_seconds)

    def of(self, record: Record) -> float | None:
        """Seconds, or None where nothing is known yet."""
        if record.status in ("done", "failed"):
            return 0.0
        whole = self._whole(record)
        if whole is None:
            return None
        start = record.last(Start) if record.status == "running" else None
        since = time.time() - start.time if start else 0.0
        return max(0.0, whole - since)

    def total(self, jobs: int) -> float | None:
        """Seconds until the last cell ends, if the jobs share the work evenly."""
        left = [self.of(record) for record in self.records]
        return None if None in left else sum(seconds for seconds in left if seconds is not None) / jobs

    def _whole(self, record: Record) -> float | None:
        times = self.spent.get(_arm(record))
        if times:
            return sum(times) / len(times)
        if record.cell.id in self.expected:
            return self.expected[record.cell.id]
        every = [seconds for times in self.spent.values() for seconds in times]
        return sum(every) / len(every) if every else None


def _arm(record: Record) -> tuple[str, str]:
    return record.cell.dataset_label, record.cell.label
