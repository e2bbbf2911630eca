"""Copied rows, copied runs and unique rows, against slow twins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.contracts.data import SequenceData, Source
from bench.contracts.metric import Generated
from bench.contracts.vocabulary import Vocabulary
from bench.toolkit.metrics import copying
from bench.toolkit.metrics.copying import CopiedRows, LongestCopied, UniqueRows, copying_metrics, longest_runs

WORDS = 4
Rows = list[list[int]]


def plain(row: list[int], end: int | None) -> tuple[int, ...]:
    return tuple(row if end is None or end not in row else row[: row.index(end)])


def slow_longest(row: list[int], train: Rows, end: int | None) -> int:
    mine = plain(row, end)
    runs = {plain(other, end)[i:j] for other in train for i in range(len(other)) for j in range(i + 1, len(other) + 1)}
    lengths = [j - i for i in range(len(mine)) for j in range(i + 1, len(mine) + 1) if mine[i:j] in runs]
    return max(lengths, default=0)


def rows(count: int, length: int) -> st.SearchStrategy[Rows]:
    row = st.lists(st.integers(0, WORDS - 1), min_size=length, max_size=length)
    return st.lists(row, min_size=1, max_size=count)


@given(
    st.integers(2, 7).flatmap(lambda length: st.tuples(rows(8, length), rows(8, length))), st.sampled_from([None, 0])
)
def test_runs_are_those_of_the_slow_twin(found: tuple[Rows, Rows], end: int | None) -> None:
    samples, train = found
    wanted = [slow_longest(row, train, end) for row in samples]
    assert longest_runs(np.array(samples), np.array(train), end).tolist() == wanted


def test_training_rows_taken_in_parts_give_the_same_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    samples, train = rng.integers(0, 3, (5, 12)), rng.integers(0, 3, (23, 12))
    whole = longest_runs(samples, train, 0)
    monkeypatch.setattr(copying, "ROWS", 2)
    assert longest_runs(samples, train, 0).tolist() == whole.tolist()
    assert whole.tolist() == [slow_longest(row, train.tolist(), 0) for row in samples.tolist()]


def test_long_rows_of_many_words_are_told_apart_and_found() -> None:
    rng = np.random.default_rng(0)
    train = rng.integers(0, 50_000, (200, 60))
    samples = rng.integers(0, 50_000, (20, 60))
    samples[3, 10:50], samples[4] = train[7, 5:45], train[9]
    found = longest_runs(samples, train, None)
    assert found[3] == 40 and found[4] == 60
    assert np.delete(found, [3, 4]).max() < 4


def data(train: Rows, end: int | None = None) -> SequenceData:
    splits = (np.array(train), np.array([[3, 3, 3]]), np.array([[3, 2, 3]]))
    words = Vocabulary(tuple("abcd"), end=end)
    return SequenceData(*splits, words, Source("f", "", "MIT", "generated"), ())


def test_values_and_signatures() -> None:
    known = data([[1, 2, 3], [2, 2, 1]])
    samples = Generated(np.array([[1, 2, 3], [1, 2, 3], [2, 2, 2], [0, 0, 0]]))
    copied, longest, unique = copying_metrics(known)
    assert copied.score(samples, known).value == 0.5
    assert longest.score(samples, known).value == pytest.approx((3 + 3 + 2 + 0) / 4)
    assert unique.score(samples, known).value == 0.75
    assert [metric.signature() for metric in (copied, longest, unique)] == [
        *("copied_rows|train:2", "longest_copied|unit:token|train:2", "unique_rows")
    ]


def test_what_follows_the_end_does_not_count() -> None:
    known = data([[1, 0, 2], [2, 2, 0]], end=0)
    samples = Generated(np.array([[1, 0, 3], [1, 0, 1], [2, 2, 3]]))
    assert CopiedRows(known).score(samples, known).value == pytest.approx(2 / 3)
    assert LongestCopied(known).score(samples, known).value == pytest.approx((1 + 1 + 2) / 3)
    assert UniqueRows().score(samples, known).value == pytest.approx(2 / 3)


def test_no_sample_has_no_value() -> None:
    known = data([[1, 2, 3]])
    nothing = Generated(np.empty((0, 3), dtype=np.int64))
    assert [metric.score(nothing, known).value for metric in copying_metrics(known)] == [None, None, None]
