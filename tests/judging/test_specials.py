"""Special tokens of other programs are recognised by spelling and dropped according to their meaning."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.judging import specials


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("<pad>", "pad"),
        ("[PAD]", "pad"),
        ("<PAD>", "pad"),
        ("<eos>", "end"),
        ("</s>", "end"),
        ("[SEP]", "end"),
        ("<|endoftext|>", "end"),
        ("EOS", "end"),
        ("<bos>", "begin"),
        ("<s>", "begin"),
        ("[CLS]", "begin"),
        ("<SOS>", "begin"),
        ("<unk>", "unknown"),
        ("[UNK]", "unknown"),
        ("[MASK]", "mask"),
        ("eos", None),
        ("pad", None),
        ("<b>", None),
        ("[1]", None),
        ("cat", None),
        ("", None),
    ],
)
def test_a_special_token_is_known_by_its_spelling(token: str, kind: str | None) -> None:
    assert specials.kind_of(token) == kind


def test_special_tokens_are_found_glued_to_words_too_but_bare_ones_only_alone() -> None:
    text = "<s>the cat</s><PAD> [SEP] EOS PADDED PAD"
    assert specials.find(text) == ["<s>", "</s>", "<PAD>", "[SEP]", "EOS", "PAD"]


@pytest.mark.parametrize(
    ("row", "kept", "counts"),
    [
        ("<s> a b </s> c <pad> <pad>", "a b", {"<s>": 1, "</s>": 1, "<pad>": 2}),
        ("a <pad> b <pad>", "a b", {"<pad>": 2}),
        ("<|endoftext|> a b <|endoftext|> c", "a b", {"<|endoftext|>": 2}),
        ("<eos> a b", "", {"<eos>": 1}),
        ("</s> <pad> <pad>", "", {"</s>": 1, "<pad>": 2}),
        ("a <unk> [MASK] b", "a <unk> [MASK] b", {}),
        ("a b", "a b", {}),
        ("", "", {}),
    ],
)
def test_an_end_ends_the_row_and_begin_and_padding_are_left_out(row: str, kept: str, counts: dict[str, int]) -> None:
    tokens = row.split()
    found = specials.drop(tokens, set(tokens))
    assert (found.tokens, found.counts) == (kept.split(), Counter(counts))
    assert found.after == len(tokens) - len(found.tokens) - found.counts.total()


def test_special_tokens_that_the_corpus_holds_itself_are_kept() -> None:
    assert specials.drop(["<s>", "a", "<eos>", "b"], {"<s>"}) == (["a", "<eos>", "b"], Counter({"<s>": 1}), 0)
