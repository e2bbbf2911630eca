"""The share of samples that repeat a training row: bench/judging/copies.py."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.contracts.data import SequenceData, Source
from bench.contracts.vocabulary import Vocabulary
from bench.judging.copies import copied_share, rewards_copies
from bench.toolkit.metrics.bleu import bleu_metrics
from bench.toolkit.metrics.self_bleu import self_bleu_metrics


def opened(train: np.ndarray, end: int | None) -> SequenceData:
    words = Vocabulary(("<end>", "a", "b", "c"), end=end)
    return SequenceData(train, train[:1], train[:1], words, Source("file", "", "", "local"))


def said(row: list[int], end: int | None) -> tuple[int, ...]:
    return tuple(row if end is None or end not in row else row[: row.index(end)])


tables = st.integers(1, 6).flatmap(
    lambda length: st.lists(st.lists(st.integers(0, 2), min_size=length, max_size=length), min_size=2, max_size=12)
)


@settings(deadline=None, max_examples=100)
@given(tables, st.sampled_from([None, 0]))
def test_a_copy_is_what_reads_as_a_training_row(table: list[list[int]], end: int | None) -> None:
    half = len(table) // 2
    train, samples = table[:half], table[half:]
    known = {said(row, end) for row in train}
    expected = sum(said(row, end) in known for row in samples) / len(samples)
    found = copied_share(np.array(samples), opened(np.array(train), end))
    assert found == pytest.approx(expected)


def test_no_samples_hold_no_copies() -> None:
    assert copied_share(np.empty((0, 3), np.int64), opened(np.ones((2, 3), np.int64), None)) == 0


def test_ids_beyond_the_vocabulary_and_other_integers_are_read() -> None:
    data = opened(np.array([[1, 2, 3]]), None)
    assert copied_share(np.array([[1, 2, 3], [1, 2, 9]], dtype=np.int32), data) == 0.5


@pytest.mark.parametrize(("references", "rewarded"), [("train", True), ("test", False)])
def test_bleu_against_the_training_split_rewards_copies(references: str, rewarded: bool) -> None:
    data = opened(np.array([[1, 2, 3, 1, 2]]), 0)
    metrics = bleu_metrics(data, references=references)  # type: ignore[arg-type]
    assert [rewards_copies(metric.signature()) for metric in metrics] == [rewarded] * 4
    assert not any(rewards_copies(metric.signature()) for metric in self_bleu_metrics(data))
