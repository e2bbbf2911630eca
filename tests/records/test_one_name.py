"""A name stands for one corpus, wherever tables use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.records.one_name import NamedCorpus, of_tags, refuse_taken

HERE = NamedCorpus("text:train", "text", "/a/train.txt", "1" * 16)


def test_the_same_data_may_move_and_a_file_may_be_edited() -> None:
    moved = HERE._replace(file="/b/train.txt")
    edited = HERE._replace(fingerprint="2" * 16)
    named = edited._replace(file="/b/train.txt", name="web")
    respelt = edited._replace(file="/a/../a/train.txt")
    refuse_taken([moved, edited, named, respelt], [HERE], "runs")


@pytest.mark.parametrize(
    ("other", "remedy"),
    [
        (HERE._replace(file="/b/train.txt", fingerprint="2" * 16), "-d NAME=text:/b/train.txt"),
        (HERE._replace(file="/a/train.txt#body", fingerprint="2" * 16), "-d NAME=text:/a/train.txt#body"),
        (NamedCorpus("text:train", "/a/my.py:Words", "", "2" * 16), "give its class another name"),
    ],
)
def test_another_corpus_of_the_name_is_refused(other: NamedCorpus, remedy: str) -> None:
    with pytest.raises(BenchError) as error:
        refuse_taken([HERE, other], [HERE], "runs")
    told = str(error.value)
    assert told.startswith(f"two corpora are called 'text:train': /a/train.txt in runs, and here {other.place}; ")
    assert remedy in told


def test_a_plug_in_of_another_file_is_another() -> None:
    one = NamedCorpus("Words", "/a/my.py:Words", "", "1" * 16)
    refuse_taken([one._replace(fingerprint="2" * 16)], [one], "runs")
    with pytest.raises(BenchError, match="two corpora are called 'Words'"):
        refuse_taken([one._replace(plugin="/b/my.py:Words", fingerprint="2" * 16)], [one], "runs")


def test_tracked_runs_tell_their_corpus() -> None:
    tags = {
        "dataset": "text:train",
        "dataset.reference": "text",
        "dataset.settings": '{"file": "/a/train.txt", "seed": 0}',
        "fingerprint": "1" * 16,
    }
    assert of_tags(tags) == HERE
    assert of_tags({"plan": "quick"}) is None
    assert Path(HERE.place).name == "train.txt"
