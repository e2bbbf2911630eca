"""Opened datasets: what a plug-in's load() may return, and the errors of anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.contracts.data import SequenceData
from bench.contracts.errors import BenchError
from bench.plugins.open_dataset import open_dataset
from bench.toolkit.corpora.fetch import Corpora


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
        (
            "def load(self) -> SequenceData:",
            "def load(self) -> SequenceData:\n        return",
            r"Words: load\(\) returned None, not SequenceData",
        ),
        (
            "def load(self) -> SequenceData:",
            "def load(self) -> SequenceData:\n        1 / 0",
            "cannot load the data of .*words.py line .*: ZeroDivisionError",
        ),
        (
            "def load(self) -> SequenceData:",
            "def load(self) -> SequenceData:\n        raise SystemExit(0)",
            "words.py line .*: SystemExit: 0",
        ),
        ("self.settings = settings", "1 / 0", r"cannot load the data of .*words\.py line .*: ZeroDivisionError"),
        (
            ", corpora: Corpora)",
            ")",
            r"the data of .*words\.py:Words: TypeError: .*__init__\(\) takes",
        ),
        ("rows[:tenth], rows[t", "rows[:tenth] + 1, rows[t", r"Words: valid has ids outside the vocabulary 0\.\.3"),
        ("rows[:tenth], rows[t", "rows[:tenth] - 1, rows[t", "Words: valid has ids outside the vocabulary"),
        ("rows[:tenth], rows[t", "rows[:tenth, 1:], rows[t", "Words: valid has rows of 4, train of 5"),
        ("rows[:tenth], rows[t", "rows[0], rows[t", r"valid must be a 2-d int64 array, not int64 of shape \(5,\)"),
        ("rows[:tenth], rows[t", "rows[:tenth] / 1, rows[t", "valid must be a 2-d int64 array, not float64"),
        ("rows[:tenth], rows[t", "rows[:tenth].tolist(), rows[t", "valid must be a 2-d int64 array, not a list"),
        ("vocabulary, source)", "'abcd', source)", "Words: the vocabulary is 'abcd', not a Vocabulary"),
        (
            '("zero", "one", "two", "three")',
            "range(4)",
            r"tokens of the vocabulary are range\(0, 4\), not a tuple of text",
        ),
        ('("zero", "one", "two", "three")', "(0, 1, 2, 3)", "tokens of the vocabulary are .*, not a tuple of text"),
        ('"three"))', '"three"), start=4)', "start = 4 of the vocabulary is outside it: an id from 0 to 3"),
        ('"three"))', '"three"), start=None)', "start = None of the vocabulary is outside it"),
        ('"three"))', '"three"), end=-1)', "end = -1 of the vocabulary is outside it"),
        ("vocabulary, source)", "vocabulary, 'x')", "Words: the source is 'x', not a Source"),
        ('"0" * 64, "MIT"', '"0" * 64, None', "licence of the source is None, not text"),
        (
            '"MIT", "generated"',
            '"MIT", "mine"',
            "kind of the source is 'mine'; choose one of published, local, generated, sample",
        ),
        ("vocabulary, source)", "vocabulary, source, 'note')", "notes are 'note', not a tuple of text"),
        ("vocabulary, source)", "vocabulary, source, (1,))", r"notes are \(1,\), not a tuple of text"),
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


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ('("zero", "one", "two", "zero")', "the token 'zero' is in the vocabulary twice"),
        ('("zero", "one", "t wo", "three")', "the token 't wo' is empty or holds a space"),
        ('("zero", "one", "", "three")', "the token '' is empty or holds a space"),
    ],
)
def test_tokens_that_could_not_be_read_again_are_refused(
    words: str, corpora: Corpora, tokens: str, message: str
) -> None:
    path = Path(words.rpartition(":")[0])
    path.write_text(path.read_text().replace('("zero", "one", "two", "three")', tokens))
    with pytest.raises(BenchError, match=message):
        open_dataset(words, {}, "Words", corpora)
