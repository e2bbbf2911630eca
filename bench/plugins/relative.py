"""Refuse an absolute import of a file beside the plug-in, and tell the relative import to write.

Python searches sys.path for an absolute name, where another plug-in may have a file of that name, and keeps the module
as long as the process lives.
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

    `file` is an absolute path. An absolute import is allowed as an alternative, so that a file can be run as a script
    too: in `try` with an `except`, or under a condition on __name__, __package__ or TYPE_CHECKING.
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
    """Yield the nodes of a tree that have no alternative."""
    for child in ast.iter_child_nodes(node):
        told = isinstance(child, ast.If) and _CONDITIONS & set(re.findall(r"\w+", ast.unparse(child.test)))
        if not told and not getattr(child, "handlers", None):
            yield child
            yield from _always(child)


def _absolute(node: ast.AST, dots: str) -> Iterator[tuple[str, str]]:
    """Yield each absolute name that a statement imports, with the relative import to write instead."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            package, _, last = alias.name.rpartition(".")
            yield alias.name, f"from {dots}{package} import {last}"
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        names = ", ".join(alias.name for alias in node.names)
        for alias in node.names:
            yield f"{node.module}.{alias.name}", f"from {dots}{node.module} import {names}"


def _is_sibling(name: str, folder: Path) -> bool:
    """Return whether the folder has a file of that name, and Python finds that file or none."""
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
