"""Opened datasets: what a plug-in's load() may return, and what is said where it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.corpora.fetch import Corpora
from bench.data import SequenceData
from bench.errors import BenchError
from bench.opening import open_dataset


def test_a_dataset_and_its_arrays_at_its_settings(words: str, corpora: Corpora) -> None:
    opened = open_dataset(words, {"rows": 140}, "Words", corpora)
    assert isinstance(opened.data, SequenceData) and opened.dataset.metrics(opened.data)
    assert opened.data.fingerprint != open_dataset(words, {}, "Words", corpora).data.fingerprint
    with pytest.raises(BenchError, match=r"Words\.rows = 3: the least allowed is 30"):
        open_dataset(words, {"rows": 3}, "Words", corpora)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("rows[:tenth], rows[tenth", "rows[:0], rows[tenth", "Words: no sequences in valid"),
        ('("zero", "one", "two", "three")', '("zero",)', "Words: a vocabulary of 1 leaves nothing to learn"),
        ("def load(self):", "def load(self):\n        return", r"Words: load\(\) returned None, not SequenceData"),
        (
            "def load(self):",
            "def load(self):\n        1 / 0",
            "cannot load the data of .*words.py line .*: ZeroDivisionError",
        ),
        ("def load(self):", "def load(self):\n        raise SystemExit(0)", "words.py line .*: SystemExit: 0"),
    ],
)
def test_a_dataset_that_gives_no_data_is_refused(
    words: str, corpora: Corpora, before: str, after: str, message: str
) -> None:
    path = Path(words.partition(":")[0])
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))
    with pytest.raises(BenchError, match=message):
        open_dataset(words, {}, "Words", corpora)
