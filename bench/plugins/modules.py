"""Module names of plug-ins: Python knows one module by a name, and several plug-ins may each have a `helpers.py`.

Either may be edited while a process lives, too. So whenever a plug-in is loaded, the names of its helpers are made its
own.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

from bench.contracts.errors import BenchError
from bench.plugins import source_files

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
    named = {source_files.module_name(file, folder): file for file in source_files.files(path, folder)}
    for name, file in sorted(named.items()):  # a package before the modules in it
        code = file, "".join(source_files.lines(file, folder))
        if (held := _HELD.get(name)) != code:
            _HELD[name] = code
            if held is not None and name in sys.modules and _is_of(sys.modules[name], held[0]):
                _put_aside(name, held)
            if (name, code) in _ASIDE:
                _put_back(name, code)
    importlib.invalidate_caches()


def refuse_others(path: Path) -> None:
    """BenchError where a plug-in that was just loaded has a helper, but imported another file of the same name."""
    for name, file in source_files.by_name(path, path.parent).items():
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
    if source_files.ours(module.__name__) or not getattr(module, "__file__", None):
        return
    path = Path(str(module.__file__)).resolve()
    code = "".join(source_files.lines(path, source_files.root_of(path, module.__name__)))
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
