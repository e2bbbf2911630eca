"""What code a plug-in is made of: the checksum by which an edited file makes a new cell."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from bench import plugins


def checksum(*references: str) -> str:
    """One sha256 of all the files that the plug-ins are made of; "" where all are on our own shelves."""
    sums = [line for reference in references for line in _lines(reference)]
    return hashlib.sha256("".join(sums).encode()).hexdigest() if sums else ""


def _lines(reference: str) -> list[str]:
    """A line for the plug-in's file and for each file beside it that it imports, directly or not: name and sha256."""
    path = _file(reference)
    if path is None:
        return []
    head = reference.rpartition(":")[0]
    root = path.parent if head.endswith(".py") else _root(path, plugins.module_of(reference))
    return [
        f"{file.relative_to(root)} {hashlib.sha256(plugins.read(file)).hexdigest()}\n"
        for file in sorted(_files(path, root))
    ]


def _file(reference: str) -> Path | None:
    """Where the plug-in is written; None for one of ours, which the version stands for, or none at all."""
    head = reference.rpartition(":")[0]
    if head.endswith(".py"):
        return Path(head).resolve()
    module = plugins.module_of(reference)
    try:
        spec = find_spec(module) if module and not _ours(module) else None
    except (ImportError, ValueError):  # to load it says more
        return None
    return Path(spec.origin).resolve() if spec and spec.origin else None


def _root(path: Path, module: str) -> Path:
    """The folder that a module's dotted name begins in."""
    return path.parents[module.count(".") + (path.name == "__init__.py")]


def _files(path: Path, root: Path) -> set[Path]:
    """The file and all that it imports from under `root`; of an installed package, nothing but the package itself."""
    installed = {"site-packages", "dist-packages"} & set(root.parts)
    within = path.relative_to(root).parts[0] if installed else ""
    found, waiting = set[Path](), [path, *_modules(".".join(path.relative_to(root).with_suffix("").parts), root)]
    while waiting:
        file = waiting.pop()
        found.add(file)
        for name in _imports(file, root):
            if not _ours(name) and (not within or name.partition(".")[0] == within):
                waiting += [module for module in _modules(name, root) if module not in found]
    return found


def _imports(file: Path, root: Path) -> Iterator[str]:
    """The dotted names that a file imports, `from a import b` as a and a.b; none where it is no Python."""
    try:
        tree = ast.parse(plugins.read(file))
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            folder = file.parents[node.level - 1].relative_to(root).parts if node.level else ()
            base = ".".join((*folder, *([node.module] if node.module else [])))
            yield base
            yield from (f"{base}.{alias.name}".lstrip(".") for alias in node.names)


def _modules(name: str, root: Path) -> Iterator[Path]:
    """The files of a dotted name and of the packages that it lies in."""
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        stem = root.joinpath(*parts[:depth])
        yield from (path for path in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py") if path.is_file())


def _ours(module: str) -> bool:
    return module.partition(".")[0] == "bench"
