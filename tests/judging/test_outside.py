"""Tokens outside the vocabulary are counted; the most common ones and, if it is clear, the cause are named."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bench.contracts.vocabulary import Vocabulary
from bench.judging.outside import commonest, framing, outside

WORDS = Vocabulary(("the", "cat", "station", ".", "café", "don't", '"', "a"))


def remedy(token: str, words: Vocabulary = WORDS, count: int = 1) -> str:
    remark = outside({token: count}, 100, words)
    assert remark is not None and repr(token) in remark.fact
    return remark.remedy


def test_the_commonest_come_first_with_their_counts() -> None:
    counts = {"station.": 40, "A": 200, "<pad>": 358, "zebra": 2}
    remark = outside(counts, 6_000, WORDS)
    assert remark is not None and remark.loud
    assert remark.fact == (
        "10.00% of tokens are outside the vocabulary: '<pad>' 358, 'A' 200, 'station.' 40, 'zebra' 2"
    )
    case, marks = remark.remedy.split("; ")
    assert case.startswith("of these, 200 are words of the vocabulary in another case: the corpus is in lower case")
    assert marks.startswith("40 are words of the vocabulary with punctuation attached")


def test_special_tokens_around_sequences_are_named_with_the_knob() -> None:
    words = {"[UNK]": 9, "cat": 1}
    remark = framing({"<pad>": 358, "</s>": 40, **words})
    assert remark is not None and remark.loud and remark.remedy.startswith("--drop-special leaves them out")
    assert remark.fact == "special tokens of another program stand in the rows: '<pad>' 358, '</s>' 40"
    assert framing(words) is None


def test_at_most_ten_are_named() -> None:
    counts = {f"word{number:02}": 50 - number for number in range(25)}
    text = commonest(counts)
    assert text.startswith("'word00' 50, 'word01' 49") and text.endswith("'word09' 41 and 15 others")
    assert "'word10'" not in text


@given(some.dictionaries(some.text(min_size=1), some.integers(1, 50), min_size=1))
def test_whatever_the_tokens_the_remark_is_one_line_and_true(counts: dict[str, int]) -> None:
    counts = {token: count for token, count in counts.items() if token not in WORDS.ids}
    number = sum(counts.values())
    remark = outside(counts, number + 7, WORDS)
    assert (remark is None) == (not counts)
    if remark is not None:
        assert str(remark).isprintable() and remark.fact.startswith(f"{number / (number + 7):.2%} of tokens")


@pytest.mark.parametrize(
    ("token", "told"),
    [
        ("<pad>", ""),
        ("[SEP]", ""),
        ("[UNK]", "did not know"),
        ("THE", "in another case: the corpus is in lower case"),
        ("station.", "punctuation attached"),
        ("“Cat", "punctuation attached"),
        ("the\u200b", "invisible characters"),
        ("\ufeffthe", "invisible characters"),
        (unicodedata.normalize("NFD", "café"), "normalise the samples to NFC"),
        ("ｃａｔ", "normalise the samples to NFKC"),
        ("don’t", "typographic quotation marks"),
        ("“", "typographic quotation marks"),
        ("##ing", "pieces of words"),
        ("Ġcat", "pieces of words"),
        ("[17,", "--format ids"),
        ("\u00a0", "blanks"),
        ("zebra", ""),
    ],
)
def test_the_cause_is_named_with_what_to_do(token: str, told: str) -> None:
    found = remedy(token)
    assert told in found and bool(told) == bool(found)


def test_a_corpus_in_mixed_case_is_not_called_lower_case() -> None:
    found = remedy("london", Vocabulary(("London", "in", "<unk>")))
    assert "in another case" in found and "lower case" not in found


def test_characters_of_another_unicode_form_are_known() -> None:
    composed, apart = Vocabulary(("e", "é", "c")), Vocabulary(("e", "\u0301", "c"))
    assert "NFC" in remedy("\u0301", composed) and "NFD" in remedy("é", apart)
    assert "NFKC" in remedy("\u3000", Vocabulary((" ", "a")))


def test_a_cause_of_few_tokens_among_many_is_not_named() -> None:
    remark = outside({"zebra": 990, "THE": 10}, 100_000, WORDS)
    assert remark is not None and remark.remedy == "" and not remark.loud
