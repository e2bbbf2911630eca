"""What can name a column or a curve."""

from __future__ import annotations

from typing import Any

import pytest

from bench.contracts.guards.names import lacking


@pytest.mark.parametrize("found", ["nll", "bleu-2", "損失", "é", "3"])
def test_text_with_a_letter_or_a_digit_is_a_name(found: str) -> None:
    assert not lacking(found)


@pytest.mark.parametrize("found", ["", " ", ".", "_", "--", None, 3, b"nll", ["nll"]])
def test_anything_else_is_no_name(found: Any) -> None:
    assert lacking(found)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ("..", "with a letter in it"),
        (3, "with a letter in it"),
        ("a\u202eb", "of printable characters only"),
        ("x" * 101, "of at most 100 characters, not 101"),
    ],
)
def test_the_true_reason_is_said(found: object, wanted: str) -> None:
    assert lacking(found) == wanted
