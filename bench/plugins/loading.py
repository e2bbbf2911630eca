"""Find a plug-in by reference: `mle` (entry point), `package.module:Object`, or `path/file.py:Object`.

A worker process gets the reference as text and looks the object up again: see bench/plugins/reference.py.
"""

from __future__ import annotations

import ast
import importlib
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.contracts.errors import BenchError, named, unknown
from bench.contracts.guards.plugin import METHODS, Group, checked_class, missing_methods
from bench.plugins import folders, relative, source_files
from bench.plugins.reference import Reference, parse_plugin

_LOADED: dict[Path, str] = {}
"""The code of the plug-ins that were imported as modules, which Python does once: file -> its checksums."""


def names(group: Group) -> list[str]:
    """Return the installed entry points of a group, sorted; none is imported."""
    return sorted(_entries(group))


def meaning(group: Group, name: str) -> str:
    """Return the first line of the docstring of an installed plug-in's module, which is read and not imported.

    Empty if there is none.
    """
    try:
        spec = find_spec(_entries(group)[name].module)
        source = Path(spec.origin).read_bytes() if spec and spec.origin else b""
    except (ImportError, OSError, ValueError):  # to load it says more
        return ""
    return (ast.get_docstring(source_files.tree(source)) or "").partition("\n")[0]


@cache
def _entries(group: Group) -> dict[str, EntryPoint]:
    """Return the entry points by name. They are kept, since the metadata of every installed package is read."""
    return {entry.name: entry for entry in entry_points(group=group)}


def module_of(reference: Reference) -> str:
    """Return the dotted name of the module that holds a plug-in named by entry point or module; "" for any other."""
    entry = next((_entries(group)[reference.name] for group in METHODS if reference.name in _entries(group)), None)
    return "" if reference.file else reference.module or (entry.module if entry else "")


def kind(text: str) -> Group:
    """The group that a reference belongs to, by its shelf, else by its methods; BenchError if it names no plug-in."""
    reference = parse_plugin(text)
    if ":" not in reference.absolute:
        shelves: tuple[Group, ...] = ("bench.baselines", "bench.datasets")
        for group in shelves:
            if reference.name in _entries(group):
                return group
        raise unknown("baseline or dataset", reference.name, (name for group in shelves for name in _entries(group)))
    return "bench.datasets" if not missing_methods("bench.datasets", _object(reference)) else "bench.baselines"


def load(group: Group, text: str) -> type[Any]:
    """Return the class that a reference names; BenchError if it cannot be loaded, or breaks its contract."""
    reference = parse_plugin(text)
    if ":" in reference.absolute:
        return checked_class(group, text, _object(reference))
    if reference.name not in _entries(group):
        raise unknown(group.removeprefix("bench.").removesuffix("s"), reference.name, _entries(group))
    entry = _entries(group)[reference.name]
    with blaming("import", entry.value):
        return checked_class(group, text, entry.load())


def _object(reference: Reference) -> Any:
    """Return the object that `package.module:Object` or `file.py:Object` names."""
    head, name = reference.text.rpartition(":")[0], reference.name
    module = _load_file(Path(head)) if reference.file else _load_module(reference.module)
    if not hasattr(module, name):
        raise unknown(f"object in {head}", name, (key for key in vars(module) if not key.startswith("_")))
    return getattr(module, name)


def _load_module(name: str) -> ModuleType:
    with blaming("import", name):
        module = importlib.import_module(name)
    _refuse_other_code(module)
    return module


def _refuse_other_code(module: ModuleType) -> None:
    """BenchError if the code of a module, or of its siblings, changed since this process imported it.

    So too if Python found another file by the name of a sibling, as where two folders of sys.path have one.
    """
    if source_files.ours(module.__name__) or not getattr(module, "__file__", None):
        return
    path = Path(str(module.__file__)).resolve()
    root = source_files.root_of(path, module.__name__)
    for file in source_files.files(path, root):
        found = getattr(sys.modules.get(name := source_files.module_name(file, root)), "__file__", None)
        if found and Path(found).resolve() != file.resolve():
            told = f"{path} imports {name}, and Python found {found}, not {file}"
            raise BenchError(f"{told}: rename one, or import it relatively")
    code = "".join(source_files.lines(path, root))
    if _LOADED.setdefault(path, code) != code:
        raise BenchError(f"the code of {module.__name__} changed since this process loaded it: start it anew")


def _load_file(path: Path) -> ModuleType:
    """Return the module of a file: see bench/plugins/folders.py."""
    source_files.read(path)  # says why, if it cannot be read
    relative.refuse_absolute(path.resolve())
    with blaming("import", str(path)):
        return folders.load(path.resolve())


@contextmanager
def blaming(doing: str, where: str) -> Iterator[None]:
    """Turn whatever a plug-in raises into one line: what was being done, the last line reached in it, the error."""
    try:
        yield
    except BenchError:
        raise
    except (Exception, SystemExit) as error:
        places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
        if isinstance(error, SyntaxError) and error.filename:
            places.append((error.filename, error.lineno))
        engine = Path(__file__).parent.parent
        places = [(file, line) for file, line in places if not _within(Path(file), engine) and "importlib" not in file]
        places = [
            (file, line) for file, line in places if Path(file) == Path(where.rpartition(":")[0] or where).resolve()
        ] or places
        place = f", {Path(places[-1][0]).name} line {places[-1][1]}" if places else ""
        raise BenchError(f"cannot {doing} {where}{place}: {folders.plain(named(error, 1))}") from error


def _within(file: Path, engine: Path) -> bool:
    """True if a file is the engine's own: it lies in bench/, and on no shelf, which a wheel puts there too."""
    inside = file.relative_to(engine).parts if file.is_relative_to(engine) else ()
    return bool(inside) and inside[0] not in ("baselines", "datasets")
