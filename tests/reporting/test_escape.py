"""Text from outside stays text in every format."""

from __future__ import annotations

import pytest

from bench.contracts.visible import visible
from bench.reporting.escape import csv_cell, latex_escape, markdown_escape


@pytest.mark.parametrize(
    ("char", "shown"), [("\x1b", r"\u001b"), ("\u202e", r"\u202e"), ("\u200b", r"\u200b"), ("\ud800", r"\ud800")]
)
def test_unseen_characters_are_escapes(char: str, shown: str) -> None:
    assert visible(f"a{char}b") == f"a{shown}b"
    assert char not in markdown_escape(f"a{char}b")
    assert char not in latex_escape(f"a{char}b")


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-x", "@SUM(A1)", " =1"])
def test_a_formula_in_a_csv_cell_is_guarded(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "-1.5", "+2", "-1e-05 3.2", "-inf", "mle", "诗"])
def test_numbers_and_plain_text_stay(text: str) -> None:
    assert csv_cell(text) == text
