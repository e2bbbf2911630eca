"""Show characters that no reader sees, or that command a terminal, as escapes."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

CATEGORIES = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories of control, bidirectional, zero-width and surrogate characters, and of line separators."""
BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Characters of other categories that fonts draw as nothing."""


def visible(text: str, keep: str = "") -> str:
    """Return the text with each character that no reader sees as an escape, such as \\u202e, but for those in `keep`.

    JSON text that goes through it, with its line ends kept, still tells the same.
    """
    return text.translate({ord(char): _escape(char) for char in set(text).difference(keep) if is_unseen(char)})


def is_unseen(char: str) -> bool:
    """Return whether no reader sees the character, or it commands a terminal."""
    return unicodedata.category(char) in CATEGORIES or char in BLANK


def all_visible(value: Any) -> Any:
    """Return a value that JSON has, with every text in it made visible; line ends stay."""
    if isinstance(value, str):
        return visible(value, "\n")
    if isinstance(value, Mapping):
        return {all_visible(key): all_visible(one) for key, one in value.items()}
    return [all_visible(one) for one in value] if isinstance(value, list | tuple) else value


def _escape(char: str) -> str:
    """Return the escape that JSON has: a character above U+FFFF is two."""
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))
