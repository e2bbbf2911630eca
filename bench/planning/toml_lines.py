"""Find the lines of keys in a TOML text, for messages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

Path = tuple[str, ...]


def lines_of(text: str) -> dict[Path, int]:
    """Return table and key -> the number of the line where it stands first, from 1: ("run", "seeds") -> 2.

    The text is sound TOML. A line inside a text of several lines may pass for a key.
    """
    found: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("["):
            table = _path(bare) or table
            path = table
        elif key := re.match(r"""((?:[\w.\s-]|"[^"]*"|'[^']*')+?)\s*=""", bare):
            path = table + _path(f"{key[1]} = 0")
        else:
            continue
        for depth in range(1, len(path) + 1):
            found.setdefault(path[:depth], number)
    return found


def _path(line: str) -> Path:
    """Return the path that a line of TOML opens; empty if the line alone is no TOML."""
    try:
        here = tomllib.loads(line)
    except ValueError:
        return ()
    path: list[str] = []
    while isinstance(here, Mapping) and len(here) == 1:
        ((name, here),) = here.items()
        path.append(name)
    return tuple(path)
