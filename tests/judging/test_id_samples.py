"""Samples that are numbers: ids are checked, padding is taken off, and what is odd is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.judging.id_samples import from_ids, is_number
from bench.judging.samples import Samples
from bench.toolkit.corpora.reading.rows import parse

FILE = Path("ids.txt")


def read(text: str, opened: Opened, count: int | None = None, pad_id: int | None = None) -> Samples:
    return from_ids(parse(text.encode(), FILE), "ids", opened, FILE, count, pad_id)


def test_ids_may_stand_in_brackets_and_between_commas(letters: Opened) -> None:
    found = read("0 1 2 3 0 1\n[3, 2, 1, 0, 3, 2]\n(2;0;1;3;2;0)\n", letters)
    assert (
        found.sequences.tolist() == [[0, 1, 2, 3, 0, 1], [3, 2, 1, 0, 3, 2], [2, 0, 1, 3, 2, 0]]
        and found.format == "ids"
    )
    assert found.notes == () and found.remarks == ()


def test_the_first_rows_are_taken_and_more_than_there_are_is_refused(letters: Opened) -> None:
    text = "0 1 2 3 0 1\n3 2 1 0 3 2\n"
    assert len(read(text, letters, count=1).sequences) == 1
    with pytest.raises(BenchError, match="holds 2 sequences, --samples asks for 3"):
        read(text, letters, count=3)


def test_padding_is_taken_off_both_ends_only(letters: Opened) -> None:
    found = read("9 0 1 2 3 0 1 9 9\n0 1 2 3 2 1\n", letters, pad_id=9)
    assert found.sequences.tolist() == [[0, 1, 2, 3, 0, 1], [0, 1, 2, 3, 2, 1]]
    assert found.notes == ("padding id 9 taken off 1 of 2 rows",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0 1 2 3 0 4", "line 1: token id 4 is outside the vocabulary 0..3"),
        ("0 1 2 3 0 1\n0 1 2 3 0 -1", "line 2: token id -1 is outside"),
        ("0 1 2 3 0 x", "line 1: 'x' is not a token id"),
        ("0 1 2 3 0 1.5", "line 1: '1.5' is not a token id"),
        ("0 1 2", "line 1: 3 tokens, every sequence here has 6"),
    ],
)
def test_a_wrong_row_is_named(letters: Opened, text: str, told: str) -> None:
    with pytest.raises(BenchError) as caught:
        read(text, letters)
    assert told in str(caught.value) and "ids.txt" in str(caught.value)


def test_an_id_that_seems_to_pad_is_asked_about(letters: Opened) -> None:
    with pytest.raises(BenchError, match="it begins or ends most rows: if it is padding, give --pad-id 9"):
        read("".join(f"{a} 1 2 3 9 9\n" for a in range(4)), letters)


def test_pitches_are_for_music(letters: Opened) -> None:
    with pytest.raises(BenchError, match="--format midi-numbers is for music, and this dataset is not music"):
        from_ids(parse(b"60 62 64 65 67 69\n", FILE), "midi-numbers", letters, FILE, None, None)


def test_numbers_fit_into_64_bits() -> None:
    assert is_number("-12") and is_number("0") and np.int64(int("9" * 18)) == int("9" * 18)
    assert not any(map(is_number, ("", "-", "1.0", "٣", "9" * 19, "--1")))
