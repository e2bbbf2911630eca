"""Near-copies, against a comparison of every pair: bench/toolkit/corpora/near_copies.py."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.contracts.data import SequenceData, Source
from bench.contracts.seeding import numpy_rng
from bench.contracts.vocabulary import Vocabulary
from bench.toolkit.corpora import near_copies as module
from bench.toolkit.corpora.near_copies import near_copies, near_copies_note
from bench.toolkit.metrics.bleu import BleuIndex


def pair_by_pair(rows: list[list[int]], train: list[list[int]]) -> list[bool]:
    def like(row: list[int], other: list[int]) -> bool:
        shared = sum(a == b for a, b in zip(row, other, strict=False))
        return 100 * shared >= 80 * max(len(row), len(other))

    return [bool(row) and any(like(row, other) for other in train) for row in rows]


def padded(rows: list[list[int]], length: int) -> np.ndarray:
    return np.array([[*row, *[0] * (length - len(row))] for row in rows], dtype=np.int64)


def altered(rows: list[list[int]], changes: int, seed: int) -> list[list[int]]:
    """Return the rows with tokens changed, or removed or added at the end."""
    rng = numpy_rng("altered", seed)
    made = []
    for row in rows:
        new = list(row)
        for _ in range(rng.integers(changes + 1)):
            new[rng.integers(len(new))] = int(rng.integers(1, 4))
        cut = int(rng.integers(len(new) // 4 + 1))
        made.append(new[: len(new) - cut] if rng.random() < 0.5 else new + [1] * cut)
    return made


varying = st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=24), min_size=1, max_size=8)


@settings(deadline=None, max_examples=200)
@given(varying, st.integers(0, 6), st.integers(0, 100))
def test_rows_of_varying_length_are_counted_up_to_the_end_of_the_longer(
    train: list[list[int]], changes: int, seed: int
) -> None:
    rows = altered(train, changes, seed)
    found = near_copies(padded(rows, 32), padded(train, 32), 0)
    assert found.tolist() == pair_by_pair(rows, train)


@pytest.mark.parametrize("length", [1, 2, 4, 5, 9, 10, 20, 31])
def test_rows_of_one_length(length: int) -> None:
    rng = numpy_rng("one length", length)
    train = rng.integers(0, 3, (60, length))
    rows = np.where(rng.random((60, length)) < 0.2, rng.integers(0, 3, (60, length)), train)
    found = near_copies(rows, train, None)
    assert found.tolist() == pair_by_pair(rows.tolist(), train.tolist())
    assert found.sum() > 0 and (length < 9 or found.sum() < 60)


def test_what_follows_an_end_and_rows_of_nothing_do_not_count() -> None:
    train = np.array([[1, 2, 0, 1, 1], [3, 3, 3, 3, 3]])
    rows = np.array([[1, 2, 0, 2, 2], [0, 2, 0, 1, 1], [3, 3, 3, 3, 0], [3, 3, 3, 0, 0], [1, 0, 0, 1, 1]])
    assert near_copies(rows, train, 0).tolist() == [True, False, True, False, False]


def test_many_pairs_are_compared_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAIRS", 7)
    rng = numpy_rng("blocks")
    train, rows = rng.integers(0, 2, (50, 10)), rng.integers(0, 2, (40, 10))
    assert near_copies(rows, train, None).tolist() == pair_by_pair(rows.tolist(), train.tolist())


def opened(train: np.ndarray, valid: np.ndarray, test: np.ndarray, end: int | None = None) -> SequenceData:
    words = Vocabulary(tuple(f"w{number}" for number in range(100)), end=end)
    return SequenceData(train, valid, test, words, Source("file", "", "", "local"))


def test_the_note_counts_them_and_says_what_they_do_to_bleu() -> None:
    rng = numpy_rng("note")
    train, valid, test = (rng.integers(0, 100, (count, 10)) for count in (50, 20, 30))
    assert near_copies_note(opened(train, valid, test)) == ()
    valid[:3], test[4] = train[:3], train[9]
    valid[:3, 8:] = 7
    bleu = BleuIndex(train, max_order=2).sentence_scores(valid, 2)
    (said,) = near_copies_note(opened(train, valid, test))
    assert said == (
        "near-copies: 3 of the 20 valid rows and 1 of the 30 test rows share 80 % or more of their positions with one "
        f"training row; BLEU-2 of valid against train is {bleu.mean():.4f}, without such rows {bleu[3:].mean():.4f}"
    )
    (of_test,) = near_copies_note(opened(train, valid[3:], test))
    assert of_test.startswith("near-copies: 0 of the 17 valid rows and 1 of") and "BLEU" not in of_test
    (longer,) = near_copies_note(opened(train, valid, test, end=99))
    assert "positions (of the longer row)" in longer


def test_of_a_very_large_corpus_the_first_held_out_rows_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = numpy_rng("large").integers(0, 100, (30, 10))
    monkeypatch.setattr(module, "MOST", 5 * rows.size)
    (said,) = near_copies_note(opened(rows, rows[:20], rows[10:]))
    assert "5 of the first 5 valid rows and 5 of the first 5 test rows" in said and "BLEU" not in said
