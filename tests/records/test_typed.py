"""Which JSON values a field of a journal or of a cell takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bench.records import typed

VALUES: dict[str, Any] = {
    "text": "a",
    "half": "\ud800",
    "true": True,
    "one": 1,
    "huge": 2**63,
    "third": 0.3,
    "nan": float("nan"),
    "minus": -1.0,
    "late": 1e11,
    "null": None,
    "list": [1],
    "object": {"a": 1},
}


@pytest.mark.parametrize(
    ("check", "taken"),
    [
        (typed.is_text, {"text"}),
        (typed.is_whole, {"one"}),
        (typed.is_number, {"one", "third", "nan", "minus", "late"}),
        (typed.is_finite, {"one", "third", "minus", "late"}),
        (typed.is_time, {"one", "third"}),
        (typed.is_truth, {"true"}),
        (typed.maybe(typed.is_text), {"text", "null"}),
        (typed.each(typed.is_whole), {"list"}),
        (typed.by_name(typed.is_whole), {"object"}),
    ],
)
def test_a_check_takes_these_values_and_no_others(check: Callable[[Any], bool], taken: set[str]) -> None:
    assert {name for name, value in VALUES.items() if check(value)} == taken


def test_one_odd_entry_spoils_a_list_and_an_object() -> None:
    assert not typed.each(typed.is_whole)([1, "a"]) and typed.each(typed.is_whole)([])
    assert not typed.by_name(typed.is_whole)({"a": 1, "b": None}) and not typed.by_name(typed.is_whole)({"\ud800": 1})
