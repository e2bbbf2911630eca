"""A cell of a table is a text or a list of tokens, or it is refused with its row."""

from __future__ import annotations

from typing import Any

import pytest

from bench.contracts.errors import BenchError
from bench.toolkit.corpora.reading.cells import Whole, lists_of, to_cell


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("a b", "a b"),
        ("", ""),
        ("\na \r\n b\n", "a b"),
        (b"caf\xc3\xa9", "café"),
        (12, "12"),
        (Whole("9" * 30), "9" * 30),
        (["a", 1, b"b"], ("a", "1", "b")),
        ([" "], (" ",)),
        ([], ()),
        (None, None),
        (float("nan"), None),
    ],
)
def test_values_that_are_sequences(value: Any, cell: Any) -> None:
    assert to_cell(value, "t.jsonl#x, row", 3) == cell


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1.5, "the number 1.5"),
        (True, "true"),
        ({"text": 1, "id": 2}, "an object (text, id)"),
        (b"\xff", "bytes that are not UTF-8"),
        ("a\0b", "text with a NUL character"),
        ("a\ud800", "text with half a character (a lone surrogate)"),
        (["a", None], "item 2 of the list is null"),
        ([["a"]], "item 1 of the list is a list"),
        (["a", ""], "item 2 of the list is '', which is empty or holds a blank"),
        (["a b"], "item 1 of the list is 'a b', which is empty or holds a blank"),
    ],
)
def test_other_values_are_refused_with_their_row(value: Any, told: str) -> None:
    with pytest.raises(BenchError) as caught:
        to_cell(value, "t.jsonl#x, row", 3)
    assert str(caught.value) == f"t.jsonl#x, row 3: {told}; a text or a list of tokens is expected"


@pytest.mark.parametrize(
    ("texts", "lists"),
    [
        (['["a", "b"]', " [1] "], [["a", "b"], ["1"]]),
        (["['a', 'b']", ""], [["a", "b"], None]),
        (["[1]", "a"], None),
        (["[1", "[2]"], None),
        (["", " "], None),
        (["[x]"], None),
        (["[" * 100_000 + "]" * 100_000], None),
    ],
)
def test_texts_are_lists_only_if_all_are(texts: list[str], lists: Any) -> None:
    assert lists_of(texts) == lists
