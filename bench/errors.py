"""The two ways a run can go wrong that a user can mend; anything else keeps its traceback."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class BenchError(Exception):
    """Bad input: one clear line saying what was wrong, where, and what to do. Exit code 2."""


class ContractError(Exception):
    """A plug-in broke its contract (ids outside the vocabulary, wrong shape, NaN): its cell fails, alone."""


def folded(error: BaseException) -> str:
    """The message on one line."""
    return " ".join(str(error).split())


def unknown(kind: str, name: str, known: Iterable[str]) -> BenchError:
    """An error for a name that is not known, with the nearest one that is."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names) or 'none'}"
    return BenchError(f"unknown {kind} {name!r}; {hint}")
