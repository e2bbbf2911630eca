"""What can name a column or a curve."""

from __future__ import annotations

from typing import Any

import pytest

from bench.contracts.guards.names import is_name


@pytest.mark.parametrize("found", ["nll", "bleu-2", "損失", "é", "3"])
def test_text_with_a_letter_or_a_digit_is_a_name(found: str) -> None:
    assert is_name(found)


@pytest.mark.parametrize("found", ["", " ", ".", "_", "--", None, 3, b"nll", ["nll"]])
def test_anything_else_is_no_name(found: Any) -> None:
    assert not is_name(found)
