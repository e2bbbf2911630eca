"""The errors that a user can mend; any other error keeps its traceback."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST = 10_000
"""Characters of a message that are read."""


class BenchError(Exception):
    """Bad input: one clear line saying what was wrong, where, and what to do. Exit code 2."""


class ContractError(Exception):
    """A plug-in broke its contract (ids outside the vocabulary, wrong shape, NaN): its cell fails, alone."""


class DivergedError(ContractError):
    """Training diverged: a loss or a parameter is not finite, or absurdly large."""


def message_lines(error: BaseException) -> list[str]:
    """Return the lines of the message that are not blank, each without needless blanks; at least one, and no error.

    If the message is empty or cannot be made, the line is the name of the error's type. At most LONGEST characters are
    read. A lone surrogate, which UTF-8 cannot hold, becomes an escape.
    """
    try:
        message = str(error)[:LONGEST].encode("utf-8", "backslashreplace").decode()
    except BaseException:  # __str__ of somebody else's class can do anything, sys.exit() too
        message = ""
    return [" ".join(line.split()) for line in message.splitlines() if line.strip()] or [type_name(error)]


def type_name(error: BaseException) -> str:
    """Return the name of the error's type; it never fails, whatever a metaclass makes of `__name__`."""
    name: str = type.__dict__["__name__"].__get__(type(error))
    return name


def folded(error: BaseException, most: int | None = None) -> str:
    """Return the message on one line, cut to `most` characters; the name of the error's type if there is no message."""
    return " ".join(message_lines(error))[:most]


def named(error: BaseException, most: int | None = None) -> str:
    """Return the error's type and the first `most` lines of its message (default: all): "ValueError: too long".

    The type alone if there is no message.
    """
    name, message = type_name(error), " ".join(message_lines(error)[:most])
    return name if message == name else f"{name}: {message}"


def unknown(kind: str, name: str, known: Iterable[str]) -> BenchError:
    """Return an error for a name that is not known, with the nearest one that is."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names) or 'none'}"
    return BenchError(f"unknown {kind} {name!r}; {hint}")
