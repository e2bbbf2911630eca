"""The source files of a plug-in: its own file, and the siblings that it imports, directly or through another."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bench.contracts.checksum import sha256
from bench.files import read_bytes
from bench.plugins import data_files


def read(path: Path) -> bytes:
    """Return the content of a plug-in's file; BenchError if it cannot be read."""
    return read_bytes(path, "the plug-in ")


def lines(path: Path, root: Path) -> list[str]:
    """Return a line (name and sha256) for the plug-in's file, each sibling it imports, and the data files they name."""
    made_of = sorted(files(path, root))
    code = [f"{file.relative_to(root)} {sha256(read(file))}\n" for file in made_of]
    return code + [line for file in made_of for line in data_files.lines(file, read(file))]


def files(path: Path, root: Path) -> set[Path]:
    """Return the file and all files under `root` that it imports; of an installed package, only files of its own."""
    installed = root.name in ("site-packages", "dist-packages")
    within = path.relative_to(root).parts[0] if installed else ""
    found, waiting = set[Path](), [path, *modules(".".join(path.relative_to(root).with_suffix("").parts), root)]
    while waiting:
        file = waiting.pop()
        found.add(file)
        for name in _imports(read(file), file.parent.relative_to(root).parts):
            if not ours(name) and (not within or name.partition(".")[0] == within):
                waiting += [module for module in modules(name, root) if module not in found]
    return found


def root_of(path: Path, module: str) -> Path:
    """Return the folder from which a module's dotted name starts."""
    return path.parents[module.count(".") + (path.name == "__init__.py")]


def module_name(file: Path, root: Path) -> str:
    """Return the dotted name under which a file below `root` is imported."""
    return ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def ours(module: str) -> bool:
    """Return whether a module belongs to this package; the shelves do."""
    return module.partition(".")[0] == "bench"


@cache
def tree(content: bytes) -> ast.Module:
    """Return the syntax tree of a file; an empty one if the file is no Python."""
    try:
        return ast.parse(content)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


@cache
def _imports(content: bytes, package: tuple[str, ...]) -> tuple[str, ...]:
    """Return the dotted names that a file of a package imports; `from a import b` gives a and a.b.

    A relative import that leaves the outermost folder fails, so it is left out.
    """
    names: list[str] = []
    for node in ast.walk(tree(content)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level <= len(package) + 1:
            folder = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*folder, *([node.module] if node.module else [])))
            names += [base, *(f"{base}.{alias.name}".lstrip(".") for alias in node.names)]
    return tuple(name for name in names if name)


def modules(name: str, root: Path) -> Iterator[Path]:
    """Yield the files under `root` of a dotted name, and of the packages that hold it."""
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        stem = root.joinpath(*parts[:depth])
        yield from (path for path in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py") if path.is_file())
