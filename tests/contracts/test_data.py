"""The fingerprint of data tells its arrays and its vocabulary, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.contracts.data import SequenceData, Source
from bench.contracts.vocabulary import Vocabulary


@pytest.fixture
def data() -> SequenceData:
    rows = np.arange(12, dtype=np.int64).reshape(6, 2)
    source = Source("made", "0" * 64, "MIT", "generated")
    return SequenceData(rows[:3], rows[3:5], rows[5:], Vocabulary(tuple("abcdefghijkl")), source)


def test_other_arrays_and_tokens_have_another_fingerprint(data: SequenceData) -> None:
    changed = [
        replace(data, train=data.train[::-1]),
        replace(data, train=data.train[:2]),
        replace(data, train=np.vstack([data.train, data.valid[:1]]), valid=data.valid[1:]),
        replace(data, vocabulary=Vocabulary(tuple("abcdefghijkx"))),
    ]
    assert len({one.fingerprint for one in (data, *changed)}) == 5 and data.length == 2


def test_source_and_notes_and_memory_layout_do_not_matter(data: SequenceData) -> None:
    other = replace(data, notes=("a",), source=Source("x", "", "MIT", "local"), train=np.asfortranarray(data.train))
    assert other.fingerprint == data.fingerprint and len(data.fingerprint) == 16


def test_writing_into_the_arrays_shows(data: SequenceData) -> None:
    data = replace(data, train=data.train.copy())
    before = data.fingerprint
    data.train[0, 0] += 1
    assert data.fingerprint == before != data.fingerprint_now()


def test_shelves_do_not_travel_with_a_changed_copy(data: SequenceData) -> None:
    kept = data.kept_in((Path("shelf"),))
    assert kept.shelves == (Path("shelf"),) and data.shelves == () and replace(kept, notes=("a",)).shelves == ()
    assert kept.fingerprint == data.fingerprint
