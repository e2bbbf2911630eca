"""Tokens, their ids, and the text of ids."""

import pytest

from bench.contracts.vocabulary import Vocabulary, as_tsv

WORDS = Vocabulary(("<end>", "<unk>", "a", "cat"), start=0, end=0, unknown=1)


def test_ids_and_text() -> None:
    assert WORDS.ids == {"<end>": 0, "<unk>": 1, "a": 2, "cat": 3} and len(WORDS) == 4
    assert WORDS.encode(["a", "dog", "cat"]) == [2, 1, 3]
    assert WORDS.decode([2, 3, 0, 2]) == "a cat" and WORDS.decode([0]) == ""


def test_without_an_unknown_token_other_tokens_have_no_id() -> None:
    words = Vocabulary(("春", "眠"), joiner="")
    assert words.decode(words.encode("眠春")) == "眠春"
    with pytest.raises(KeyError, match="x"):
        words.encode("x")


def test_a_line_of_the_list_can_be_read_back() -> None:
    tokens = ("\t", "\n", "\r", "\\", "\\t", "a")
    assert as_tsv(Vocabulary(tokens)) == "0\t\\t\n1\t\\n\n2\t\\r\n3\t\\\\\n4\t\\\\t\n5\ta\n"
