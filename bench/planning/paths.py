"""Knobs that are paths: absolute in a plan, so that a worker in another folder finds the file.

The identity of a cell holds the checksum of the content in place of the path: a file that was moved is the same cell, a
file of other content is another. Such a knob is made with `knob(..., path=True)`. Its value is text: a file, a folder,
or FILE#part; empty if there is none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench import files
from bench.contracts.knobs import rules_of

Knobs = tuple[tuple[str, Any], ...]


def names(cls: type) -> set[str]:
    """Return the knobs of a settings class that are paths."""
    return {name for name, rules in rules_of(cls).items() if rules.path}


def absolute(cls: type, knobs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the knobs of a settings class, its paths made absolute, with ~ as the user's home folder."""
    return _with_paths(knobs, names(cls), lambda path: str(Path(path).expanduser().absolute()))


def checksums(cls: type, knobs: Mapping[str, Any]) -> Knobs:
    """Return (knob, sha256 of the content) of each path that is set; BenchError if one cannot be read."""
    return tuple((name, checksum(knobs[name])) for name in sorted(names(cls)) if knobs.get(name))


def checksum(path: str) -> str:
    """Return the checksum of a file or folder; #part is kept at its end. BenchError if it cannot be read."""
    file, part = _split(path)
    return files.checksum(file) + part


def relative(knobs: Knobs, which: set[str], folder: Path) -> Knobs:
    """Return the paths beside or below a folder relative to it, so that both may be moved together."""
    home = folder.absolute()

    def shorten(path: str) -> str:
        return Path(os.path.relpath(path, home)).as_posix() if Path(path).is_relative_to(home.parent) else path

    return tuple(_with_paths(dict(knobs), which, shorten).items())


def restored(knobs: Knobs, which: set[str], folder: Path) -> Knobs:
    """Return the paths that `relative` shortened as absolute ones."""
    home = folder.absolute()
    return tuple(_with_paths(dict(knobs), which, lambda path: os.path.normpath(home / path)).items())


def _with_paths(knobs: Mapping[str, Any], which: set[str], change: Callable[[str], str]) -> dict[str, Any]:
    return {name: change(value) if name in which and value else value for name, value in knobs.items()}


def _split(path: str) -> tuple[Path, str]:
    """Return FILE#part as (FILE, "#part"); the # may also be part of an existing file's name."""
    file, hash_, part = path.rpartition("#")
    return (Path(path), "") if Path(path).exists() or not hash_ else (Path(file), f"#{part}")
