"""Check the JSON values of journals and cells: each has the type that its field is annotated with."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

LARGEST = 2**63
LATEST = 1e11  # seconds since the epoch, in the year 5138: a store takes no later time


class Misfit(ValueError):
    """A value has not the type of its field; the message names the field."""


def is_text(value: Any) -> bool:
    """Return whether the value is text that UTF-8 can hold, as files and stores need."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_whole(value: Any) -> bool:
    """Return whether the value is a whole number below 2^63."""
    return type(value) is int and abs(value) < LARGEST


def is_number(value: Any) -> bool:
    """Return whether the value is a number; NaN and infinity are."""
    return is_whole(value) or isinstance(value, float)


def is_finite(value: Any) -> bool:
    """Return whether the value is a finite number."""
    return is_number(value) and math.isfinite(value)


def is_time(value: Any) -> bool:
    """Return whether the value is a time in seconds since the epoch."""
    return is_finite(value) and 0 <= value < LATEST


def is_truth(value: Any) -> bool:
    """Return whether the value is true or false."""
    return isinstance(value, bool)


def maybe(kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return a check that takes null too."""
    return lambda value: value is None or kind(value)


def each(kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return a check of a list."""
    return lambda value: isinstance(value, list) and all(map(kind, value))


def by_name(kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return a check of an object: text -> values."""
    return lambda value: isinstance(value, Mapping) and all(is_text(k) and kind(v) for k, v in value.items())
