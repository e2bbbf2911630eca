"""Read a cell of a table: a text, a whole number, bytes, or a list of tokens."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from typing import Any

from bench.contracts.errors import BenchError

Cell = str | tuple[str, ...]
"""A text that is still to be split, or the tokens of a list."""

_BREAKS = re.compile(r"\s*[\r\n]\s*")


class Whole(str):
    """The digits of a whole number of a JSON file, of any size."""

    __slots__ = ()


def to_cell(value: Any, place: str, number: int) -> Cell | None:
    """Return the text or the tokens of a value, None if it is null; BenchError, with the row, if it is neither.

    A line break within a text becomes a blank, because one cell is one sequence.
    """
    try:
        if value is None or value != value:  # NaN stands for null
            return None
        if isinstance(value, list):
            return tuple(_token(item, index) for index, item in enumerate(value, 1))
        text = _text(value)
    except ValueError as error:
        raise BenchError(f"{place} {number}: {error}; a text or a list of tokens is expected") from None
    return _BREAKS.sub(" ", text.strip("\r\n")) if "\n" in text or "\r" in text else text


def lists_of(texts: Sequence[Any]) -> list[Any] | None:
    """Return the values as lists if each text that is not blank is a list of JSON or Python; else None."""
    found: list[Any] = []
    for text in texts:
        parsed = _as_list(text) if text.strip() else None
        if parsed is None and text.strip():
            return None
        found.append(parsed)
    return found if any(item is not None for item in found) else None


def _as_list(text: str) -> list[Any] | None:
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        found = json.loads(text, parse_int=Whole)
    except (ValueError, RecursionError):
        try:
            found = ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            return None
    return found if isinstance(found, list) else None


def _token(value: Any, index: int) -> str:
    try:
        token = _text(value)
    except ValueError as error:
        raise ValueError(f"item {index} of the list is {error}") from None
    if token in ("", "\n", "\r") or (len(token) > 1 and token.split() != [token]):
        raise ValueError(f"item {index} of the list is {token!r:.40}, which is empty or holds a blank")
    return token


def _text(value: Any) -> str:
    """Return the value as text; ValueError, which says what the value is, if it is none."""
    if isinstance(value, bytes):
        try:
            value = value.decode("utf-8")
        except UnicodeDecodeError:
            raise ValueError("bytes that are not UTF-8") from None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise ValueError(_named(value))
    if "\0" in value:
        raise ValueError("text with a NUL character")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("text with half a character (a lone surrogate)")
    return str(value)


def _named(value: Any) -> str:
    match value:
        case dict():
            return f"an object ({', '.join(map(str, value))[:40]})"
        case list():
            return "a list"
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float():
            return f"the number {value}"
    return f"a {type(value).__name__} ({value!s:.40})"
