"""Numbers and states as tables print them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from bench.reporting import grids
from bench.reporting.table import Entry


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(8.7361, 3, "8.736"), (-0.0001, 3, "0.000"), (-0.0006, 3, "-0.001"), (None, 3, "-"), (2.5, 0, "2")],
)
def test_numbers(value: float | None, decimals: int, text: str) -> None:
    assert grids.number(value, decimals) == text


def test_a_difference_has_its_sign() -> None:
    assert grids.number(0.25, 2, sign="+") == "+0.25" and grids.number(-0.25, 2, sign="+") == "-0.25"


@pytest.mark.parametrize(
    ("p", "text"),
    [(None, "-"), (0.0, "< 1e-6"), (9e-7, "< 1e-6"), (1.24e-5, "1.2e-05"), (0.0079, "0.0079"), (1, "1.0000")],
)
def test_p_values(p: float | None, text: str) -> None:
    assert grids.p_value(p) == text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "8.736 ± 0.021"),
        ({"half": None}, "8.736"),
        ({"bound": "upper"}, "≤ 8.736 ± 0.021"),
        ({"bound": "lower", "half": None}, "≥ 8.736"),
        ({"marked": True}, "8.736 ± 0.021†"),
        ({"mean": None}, "-"),
        ({"state": "failed", "mean": None}, "failed"),
        ({"state": "unfinished", "mean": None}, "unfinished"),
    ],
)
def test_a_score(changes: dict[str, Any], text: str) -> None:
    entry = replace(Entry(state="value", mean=8.7364, half=0.0213), **changes)
    assert grids.score_text(entry, 3) == text


def test_a_long_name_is_broken_at_blanks() -> None:
    assert grids.folded("SeqGAN [d_steps=1, k=1]", 12) == "SeqGAN\n[d_steps=1,\nk=1]"
    assert grids.folded("random-unigram", 8) == "random-u\nnigram"


def test_runs_are_counted_by_their_state() -> None:
    row: Any = SimpleNamespace(done=2, failed=1, unfinished=3)
    assert grids.runs_text(row) == "2, 1 failed, 3 unfinished"
    row = SimpleNamespace(done=3, failed=0, unfinished=0)
    assert grids.runs_text(row) == "3" and grids.absence(row) == "-"
