"""Find a plug-in by reference: `mle` (entry point), `package.module:Object`, or `path/file.py:Object`.

A worker process gets the reference as text and finds the object again: see bench/plugins/reference.py.
"""

from __future__ import annotations

import ast
import importlib
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from typing import Any

from bench.contracts.errors import BenchError, unknown
from bench.contracts.guards.plugin import METHODS, Group, checked_class, missing_methods
from bench.plugins import folders, relative, source_files
from bench.plugins.blame import blaming
from bench.plugins.reference import Reference, parse_plugin

SHELVES: tuple[Group, ...] = ("bench.baselines", "bench.datasets")
_LOADED: dict[Path, str] = {}
"""Module file -> the checksums of its code when it was imported, for plug-ins that are named by module."""


def names(group: Group) -> list[str]:
    """Return the installed entry points of a group, sorted; none is imported."""
    return sorted(_entries(group))


def meaning(group: Group, name: str) -> str:
    """Return the first line of the docstring of an installed plug-in's module; "" if there is none.

    The module's file is read, not imported.
    """
    with suppress(ImportError, OSError, ValueError):  # loading the plug-in says more
        spec = find_spec(_entries(group)[name].module)
        if spec and spec.origin:
            return (ast.get_docstring(source_files.tree(Path(spec.origin).read_bytes())) or "").partition("\n")[0]
    return ""


@cache
def _entries(group: Group) -> dict[str, EntryPoint]:
    """Return the entry points by name. They are cached: the metadata of every installed package is read."""
    return {entry.name: entry for entry in entry_points(group=group)}


def module_of(reference: Reference) -> str:
    """Return the dotted name of a plug-in's module; "" if it is named by file, or is unknown."""
    entries = (_entries(group)[reference.name] for group in METHODS if reference.name in _entries(group))
    entry = None if ":" in reference.absolute else next(entries, None)
    return entry.module if entry else reference.module


def kind(text: str) -> Group:
    """Return the group of a reference, by its shelf or else by its methods; BenchError if it names no plug-in."""
    reference = parse_plugin(text)
    if ":" in reference.absolute:
        return "bench.baselines" if missing_methods("bench.datasets", _object(reference)) else "bench.datasets"
    for group in SHELVES:
        if reference.name in _entries(group):
            return group
    raise unknown("baseline or dataset", reference.name, (name for group in SHELVES for name in _entries(group)))


def load(group: Group, text: str) -> type[Any]:
    """Return the class that a reference names; BenchError if it cannot be loaded, or breaks its contract."""
    reference = parse_plugin(text)
    if ":" not in reference.absolute:
        if reference.name not in _entries(group):
            raise unknown(group.removeprefix("bench.").removesuffix("s"), reference.name, _entries(group))
        entry = _entries(group)[reference.name]
        reference = parse_plugin(f"{entry.module}:{entry.attr}")
    return checked_class(group, text, _object(reference))


def _object(reference: Reference) -> Any:
    """Return the object that `package.module:Object` or `file.py:Object` names."""
    where = reference.text.rpartition(":")[0]
    if reference.file:
        relative.refuse_absolute(reference.file)
    with blaming("import", where):
        module = folders.load(reference.file) if reference.file else importlib.import_module(reference.module)
    if not reference.file and not source_files.ours(reference.module) and module.__file__:
        _refuse_other_code(reference.module, Path(module.__file__).resolve())
    try:
        return attrgetter(reference.name)(module)
    except AttributeError:
        names = [key for key in vars(module) if not key.startswith("_")]
        raise unknown(f"object in {where}", reference.name, names) from None


def _refuse_other_code(module: str, path: Path) -> None:
    """BenchError if the code of a module, or of its siblings, changed since this process imported it.

    Also if Python found another file under the name of a sibling: two folders of sys.path may each have one.
    """
    root = source_files.root_of(path, module)
    for file in source_files.files(path, root):
        name = source_files.module_name(file, root)
        found = getattr(sys.modules.get(name), "__file__", None)
        if found and Path(found).resolve() != file.resolve():
            told = f"{path} imports {name}, and Python found {found}, not {file}"
            raise BenchError(f"{told}: rename one, or import it relatively")
    code = "".join(source_files.lines(path, root))
    if _LOADED.setdefault(path, code) != code:
        raise BenchError(f"the code of {module} changed since this process loaded it: start it anew")
