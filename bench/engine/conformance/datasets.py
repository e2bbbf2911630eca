"""The check of a dataset."""

from __future__ import annotations

from typing import Any

from bench.contracts.dataset import Opened
from bench.contracts.guards.dataset import check_unchanged, fault, rest_checksum
from bench.contracts.seeding import torch_rng
from bench.judging.evaluator import Evaluator
from bench.planning.cell import Evaluation


def check_dataset(dataset: Any) -> None:
    """A dataset's splits are (n, T) int64 ids, disjoint; its metrics score its own real samples and sign the scores."""
    data = dataset.load()
    wrong = fault(data)
    assert wrong is None, wrong
    given, rest = data.fingerprint, rest_checksum(data)
    rows = [set(map(bytes, split)) for split in (data.train, data.valid, data.test)]
    shared = rows[0] & rows[1] or rows[0] & rows[2] or rows[1] & rows[2]
    told = any("also occur" in note for note in data.notes)  # a published split may stay as it is
    assert not shared or told, "the splits share sequences, and no note says that some also occur in another"
    evaluator = Evaluator.of(Opened(dataset, data), Evaluation().rule)
    judged = evaluator.judge(dataset.real(data), min(64, len(data.valid)), torch_rng("conformance"))
    assert next(iter(judged.scores.values())).value is not None, "the headline is undefined on real data"
    check_unchanged(data, given, rest, "a metric")
