"""What nobody sees, and what commands a terminal, is shown as an escape."""

from __future__ import annotations

import json
import unicodedata

import pytest

from bench.contracts.visible import BLANK, all_visible, visible


@pytest.mark.parametrize(
    ("char", "shown"),
    [
        ("\x1b", r"\u001b"),
        ("\r", r"\u000d"),
        ("\u202e", r"\u202e"),
        ("\u200b", r"\u200b"),
        ("\u3164", r"\u3164"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\udb40\udc41"),
    ],
)
def test_unseen_characters_are_escapes(char: str, shown: str) -> None:
    assert visible(f"a{char}b") == f"a{shown}b"


def test_every_other_character_stays() -> None:
    for code in (*range(0x20, 0xD800), *range(0xE000, 0x30000)):
        char = chr(code)
        hidden = unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") or char in BLANK
        assert (visible(char) == char) != hidden, hex(code)


def test_some_may_stay() -> None:
    assert visible("a\nb\u200cc\u200d", "\n\u200c") == "a\nb\u200cc\\u200d"


@pytest.mark.parametrize("value", [{"=\u202e": ["\x1b\n", "\U000e0041", 3, None]}, "\ud800"])
def test_json_still_tells_the_same(value: object) -> None:
    assert json.loads(visible(json.dumps(value, indent=1, ensure_ascii=False), "\n")) == value


def test_values_are_made_visible_within() -> None:
    found = all_visible({"a\u202e": ["b\u200b", ("c\n", 1.5, None)]})
    assert found == {"a\\u202e": ["b\\u200b", ["c\n", 1.5, None]]}
