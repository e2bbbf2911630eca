"""Siblings of a plug-in's file are imported relatively: an absolute import of one is refused, with the line to write.

Python would look for an absolute name along sys.path, where another plug-in's file of that name may lie, and would keep
the module for the life of the process.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from bench.contracts.errors import BenchError
from bench.plugins import source_files

_CONDITIONS = {"__name__", "__package__", "TYPE_CHECKING"}


def refuse_absolute(file: Path) -> None:
    """BenchError if a plug-in, or a sibling that it imports, imports a sibling by an absolute name.

    `file` is an absolute path. An import may be absolute where it is one of two ways, so that a file can be run as a
    script too: in `try` with an `except`, or under a condition on __name__, __package__ or TYPE_CHECKING.
    """
    folder = file.parent
    for module in sorted(source_files.files(file, folder)):
        dots = "." * (1 + len(module.parent.relative_to(folder).parts))
        for node in _always(source_files.tree(source_files.read(module))):
            for name, remedy in _absolute(node, dots):
                if _is_sibling(name, folder):
                    where = f"{module} line {getattr(node, 'lineno', 0)}"
                    raise BenchError(f"{where} imports a file beside it by an absolute name; write `{remedy}`")


def _always(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a tree that are not one of two ways."""
    for child in ast.iter_child_nodes(node):
        told = isinstance(child, ast.If) and _CONDITIONS & set(re.findall(r"\w+", ast.unparse(child.test)))
        if not told and not getattr(child, "handlers", None):
            yield child
            yield from _always(child)


def _absolute(node: ast.AST, dots: str) -> Iterator[tuple[str, str]]:
    """Each absolute name that a statement imports, with the relative import to write in its place."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            package, _, last = alias.name.rpartition(".")
            yield alias.name, f"from {dots}{package} import {last}"
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        names = ", ".join(alias.name for alias in node.names)
        for alias in node.names:
            yield f"{node.module}.{alias.name}", f"from {dots}{node.module} import {names}"


def _is_sibling(name: str, folder: Path) -> bool:
    """Return whether Python finds the name in the folder, or nowhere but there."""
    top = name.partition(".")[0]
    if not any(source_files.modules(name, folder)):
        return False
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return True
    places = [spec.origin] if spec.has_location else list(spec.submodule_search_locations or ())
    own = {path.resolve() for path in (folder / top, *source_files.modules(top, folder))}
    return bool(own & {Path(place).resolve() for place in places if place})
