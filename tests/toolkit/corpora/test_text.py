"""Lines, splits, vocabularies and arrays: bench/toolkit/corpora/text.py."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.contracts.errors import BenchError
from bench.toolkit.corpora import text

ROWS = [(word, str(number)) for number in range(10) for word in ("one", "two", "three", "four", "five")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a b\nc d\n", ["a b", "c d"]),
        (b"a b\nc d", ["a b", "c d"]),
        (b"a b\r\nc d\r\n", ["a b", "c d"]),
        (b"a b\rc d\r", ["a b", "c d"]),
        (b"\xef\xbb\xbfa b\n\n \n\tc d \n", ["a b", "c d"]),
        ("a\u2028b\x0cc\x85d".encode(), ["a\u2028b\x0cc\x85d"]),
    ],
)
def test_lines_end_as_they_like(content: bytes, expected: list[str]) -> None:
    assert text.lines(content, "file") == expected


@pytest.mark.parametrize("content", [b"", b"\n\n", b" \r\n\t\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(content: bytes) -> None:
    with pytest.raises(BenchError, match=r"^file is empty"):
        text.lines(content, "file")


def test_invalid_utf8_is_refused_with_its_line() -> None:
    with pytest.raises(BenchError, match=r"^file, line 3: not UTF-8"):
        text.lines(b"a\nb\nc\xff\nd\n", "file")


@settings(deadline=None, max_examples=60)
@given(st.integers(10, 300), st.integers(1, 200), st.integers(1, 200), st.integers(0, 5))
def test_splits_are_disjoint_complete_and_never_empty(count: int, valid: int, test: int, seed: int) -> None:
    rows = [(str(number),) for number in range(count)]
    parts = text.split(rows, valid=valid, test=test, seed=seed, where="file")
    assert sorted(row for part in parts for row in part) == sorted(rows)
    assert len(parts.train) >= count * 4 // 5
    for part, wanted in ((parts.valid, valid), (parts.test, test)):
        assert min(wanted, count // 10) <= len(part) <= wanted
    if valid + test <= count // 5:
        assert (len(parts.valid), len(parts.test)) == (valid, test)
    assert parts == text.split(rows, valid=valid, test=test, seed=seed, where="file")


def test_the_seed_draws_the_split() -> None:
    first, second = (text.split(ROWS, valid=5, test=5, seed=seed, where="file") for seed in (0, 1))
    assert first.valid != second.valid


def test_too_few_rows_are_refused() -> None:
    for rows in ([("a",)], [("a",)] * 100):
        with pytest.raises(BenchError, match="file: 1 different sequences; at least 10"):
            text.draw(rows, valid=1, test=1, seed=0, where="file")


def test_repeats_are_removed_before_splitting() -> None:
    parts, notes = text.draw([*ROWS, *ROWS, ROWS[0]], valid=5, test=5, seed=0, where="file")
    assert sorted(row for part in parts for row in part) == sorted(ROWS)
    assert notes == ("51 repeated sequences removed",)


def test_rows_of_a_given_test_split_leave_the_rest() -> None:
    test = [*ROWS[:8], ROWS[0], ("new",)]
    parts, notes = text.hold_out([*ROWS, ROWS[20]], test, valid=4, seed=0, where="file")
    assert parts.test == test and len(parts.valid) == 4
    assert sorted(parts.train + parts.valid) == sorted(ROWS[8:])
    assert [re.findall(r"\d+", note)[0] for note in notes] == ["8", "1", "1"]


def test_frequent_tokens_come_first_and_ties_are_in_order() -> None:
    words = text.build_vocabulary([("b", "a", "c"), ("a", "b"), ("a",), ("<unk>",)], "file", end=True, unknown=True)
    assert words.tokens == ("<end>", "<unk>", "a", "b", "c") and (words.end, words.unknown, words.start) == (0, 1, 0)
    assert text.build_vocabulary([("b", "a", "a")], "file").tokens == ("a", "b")


def test_a_token_that_reads_as_the_end_is_refused_where_there_is_one() -> None:
    rows = [("a", "<end>", "b")]
    assert "<end>" in text.build_vocabulary(rows, "file").ids
    with pytest.raises(BenchError, match="file: 1 tokens read <end>, which closes a sequence"):
        text.build_vocabulary(rows, "file", end=True)


def test_a_vocabulary_of_one_word_is_refused() -> None:
    with pytest.raises(BenchError, match="file: a vocabulary of 1"):
        text.build_vocabulary([("a", "a"), ("a",)], "file", end=True)
    with pytest.raises(BenchError, match="vocabulary of 0"):
        text.build_vocabulary([("a", "b")], "file", min_count=2)


def test_rare_words_are_unknown_and_counted() -> None:
    rows = [("a", "b"), ("a", "c"), ("b", "a")]
    words = text.build_vocabulary(rows, "file", min_count=2, end=True, unknown=True)
    arrays = [text.encode(rows, words, 3)]
    np.testing.assert_array_equal(arrays[0], [[2, 3, 0], [2, 1, 0], [3, 2, 0]])
    assert text.unknown_note(arrays, words, 2).startswith("16.67% of tokens")


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=5), min_size=10, max_size=20))
def test_tokens_that_are_held_out_only_are_counted(rows: list[list[str]]) -> None:
    parts = [[tuple(row) for row in part] for part in (rows[:6], rows[6:8], rows[8:])]
    every = [("a", "b"), ("a", "b"), *(row for part in parts for row in part)]
    words = text.build_vocabulary(every, "file", min_count=2, end=True, unknown=True)
    arrays = [text.encode(part, words, 5) for part in parts]
    train, *held = ({token for row in part for token in row} for part in parts)
    unseen = (held[0] | held[1]) - train
    count = len([token for token in unseen if token in words.ids])
    assert f": {count} of its {len(words)} tokens occur in held-out rows only" in text.unseen_note(arrays, words)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.sampled_from("abcde"), min_size=1, max_size=9), min_size=1, max_size=20), st.integers(1, 10)
)
def test_what_is_encoded_decodes_to_the_rows_cut(rows: list[list[str]], length: int) -> None:
    words = text.build_vocabulary([tuple("abcde")], "file", end=True)
    array = text.encode([tuple(row) for row in rows], words, length)
    assert array.shape == (len(rows), length) and array.dtype == np.int64
    assert [words.decode(row) for row in array] == [" ".join(row[:length]) for row in rows]
