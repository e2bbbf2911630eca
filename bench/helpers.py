"""The files that a plug-in is made of: its own, and its helpers, the files beside it that it imports, directly or not.

Two plug-ins in different folders may each have a `helpers.py`, and either may be edited while a process lives, but
Python knows one module by that name. So whenever a plug-in is loaded, the names of its helpers are made its own.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from bench.errors import BenchError


def read(path: Path) -> bytes:
    """A plug-in's file; a BenchError of one line where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BenchError(f"cannot read the plug-in {path}: {error.strerror}") from None


def lines(path: Path, root: Path) -> list[str]:
    """A line for the plug-in's file and for each of its helpers: name and sha256."""
    made_of = sorted(files(path, root))
    return [f"{file.relative_to(root)} {hashlib.sha256(read(file)).hexdigest()}\n" for file in made_of]


def files(path: Path, root: Path) -> set[Path]:
    """The file and all that it imports from under `root`; of an installed package, nothing but the package itself."""
    installed = {"site-packages", "dist-packages"} & set(root.parts)
    within = path.relative_to(root).parts[0] if installed else ""
    found, waiting = set[Path](), [path, *_modules(".".join(path.relative_to(root).with_suffix("").parts), root)]
    while waiting:
        file = waiting.pop()
        found.add(file)
        for name in _imports(read(file), file.parent.relative_to(root).parts):
            if not ours(name) and (not within or name.partition(".")[0] == within):
                waiting += [module for module in _modules(name, root) if module not in found]
    return found


def root_of(path: Path, module: str) -> Path:
    """The folder that a module's dotted name begins in."""
    return path.parents[module.count(".") + (path.name == "__init__.py")]


def by_name(path: Path, root: Path) -> dict[str, Path]:
    """The helpers of a plug-in by the names of their modules."""
    return {_module_name(file, root): file for file in files(path, root) - {path}}


def ours(module: str) -> bool:
    """Whether a module is of this package, shelves and all."""
    return module.partition(".")[0] == "bench"


@cache
def _imports(content: bytes, package: tuple[str, ...]) -> tuple[str, ...]:
    """The dotted names that a file of a package imports, `from a import b` as a and a.b; none where it is no Python.

    A relative import that leaves the outermost folder finds no file of hers: it is left out.
    """
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return ()
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level <= len(package) + 1:
            folder = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*folder, *([node.module] if node.module else [])))
            names += [base, *(f"{base}.{alias.name}".lstrip(".") for alias in node.names)]
    return tuple(name for name in names if name)


def _modules(name: str, root: Path) -> Iterator[Path]:
    """The files of a dotted name and of the packages that it lies in."""
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        stem = root.joinpath(*parts[:depth])
        yield from (path for path in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py") if path.is_file())


def _module_name(file: Path, root: Path) -> str:
    return ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


_Code = tuple[Path, str]  # a helper's file, and the checksum of it and of what it imports
_HELD: dict[str, _Code] = {}  # what a module's name stands for now
_ASIDE: dict[tuple[str, _Code], ModuleType] = {}  # modules whose names stand for something else now
_LOADED: dict[Path, str] = {}  # plug-ins that were imported by the names of their modules, which happens once
_FOLDERS: list[str] = []  # those of plug-ins, in the order in which they are looked in


def bring(path: Path) -> None:
    """Let the names of a plug-in's helpers stand for the files beside it, as they are on the disk now.

    What a name stood for until now is put aside, for the plug-in that it belongs to. A library is left where it is.
    """
    folder = path.parent
    _look_first_in(str(folder))
    named = {_module_name(file, folder): file for file in files(path, folder)}
    for name, file in sorted(named.items()):  # a package before the modules in it
        code = file, "".join(lines(file, folder))
        if (held := _HELD.get(name)) != code:
            _HELD[name] = code
            if held is not None and name in sys.modules and _is_of(sys.modules[name], held[0]):
                _put_aside(name, held)
            if (name, code) in _ASIDE:
                _put_back(name, code)
    importlib.invalidate_caches()


def refuse_others(path: Path) -> None:
    """BenchError where a plug-in that was just loaded has a helper, but imported another file of the same name."""
    for name, file in by_name(path, path.parent).items():
        if (module := sys.modules.get(name)) is not None and not _is_of(module, file):
            found = getattr(module, "__file__", None) or "a module of Python's own"
            raise BenchError(f"{path} imports {name}, and Python finds {found} before {file}: rename the latter")


def _put_aside(name: str, held: _Code) -> None:
    """A package that stays must not go on to show the module, as `from package import module` would find it there."""
    _ASIDE[name, held] = module = sys.modules.pop(name)
    package, _, last = name.rpartition(".")
    if getattr(sys.modules.get(package), last, None) is module:
        delattr(sys.modules[package], last)


def _put_back(name: str, code: _Code) -> None:
    sys.modules[name] = _ASIDE.pop((name, code))
    package, _, last = name.rpartition(".")
    if package in sys.modules:
        setattr(sys.modules[package], last, sys.modules[name])


def refuse_edited(module: ModuleType) -> None:
    """BenchError where a module, or what it imports beside it, is no longer as it was when this process loaded it."""
    if ours(module.__name__) or not getattr(module, "__file__", None):
        return
    path = Path(str(module.__file__)).resolve()
    code = "".join(lines(path, root_of(path, module.__name__)))
    if _LOADED.setdefault(path, code) != code:
        raise BenchError(f"the code of {module.__name__} changed since this process loaded it: start it anew")


def _look_first_in(folder: str) -> None:
    """After all libraries, which no file of hers overshadows, but before the folders of other plug-ins."""
    if folder in sys.path and folder not in _FOLDERS:
        return
    _FOLDERS[:] = [folder, *(other for other in _FOLDERS if other != folder)]
    sys.path[:] = [*(place for place in sys.path if place not in _FOLDERS), *_FOLDERS]


def _is_of(module: ModuleType, file: Path) -> bool:
    where = getattr(module, "__file__", None)
    return where is not None and Path(where).resolve() == file.resolve()
