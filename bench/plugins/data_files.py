"""The data files that a plug-in's module names in DATA_FILES. An edit of one makes new cells, as an edit of code does.

    DATA_FILES = ("words.txt", "lexicon")  # beside the module; a folder stands for all its files

The names are read from the module's text, without an import, so they must be written out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bench.contracts.errors import BenchError
from bench.files import file_checksum

NAME = "DATA_FILES"


def lines(module: Path, content: bytes) -> list[str]:
    """Return a line (module, name and sha256) for each data file that a module of this content names.

    BenchError if a file cannot be read, or the names are not written out.
    """
    try:
        names = _names(content)
    except ValueError as error:
        raise BenchError(f"{module} {error}") from None
    return [f"{module.name} {name} {_sha256(path, module)}\n" for name, path in _files(names, module.parent)]


def _files(names: tuple[str, ...], folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the named files, and those in named folders, with their names relative to the module's folder."""
    for name in names:
        path = folder / name
        inner = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        yield from ((f"{name}/{file.relative_to(path)}" if path.is_dir() else name, file) for file in inner)


@cache
def _names(content: bytes) -> tuple[str, ...]:
    """Return what a module assigns to DATA_FILES at its top level; nothing if it is no Python.

    ValueError if that is not a tuple or a list of text, written out.
    """
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return ()
    found: list[str] = []
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == NAME for target in targets):
            found += _written_out(getattr(node, "value", None), f"line {node.lineno}")
    return tuple(found)


def _written_out(value: ast.expr | None, place: str) -> list[str]:
    try:
        names = ast.literal_eval(value) if value else ()
    except (ValueError, TypeError):
        names = None
    if not isinstance(names, tuple | list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f'{place}: write {NAME} out, as in {NAME} = ("words.txt",)')
    return list(names)


def _sha256(path: Path, module: Path) -> str:
    try:
        return file_checksum(path)
    except OSError as error:
        raise BenchError(f"cannot read {path}, which {NAME} of {module} names: {error.strerror}") from None
