"""Import a plug-in's file as a module of a package that stands for its folder, so that its siblings import relatively.

The name of the package tells the folder: bench.plugins.folders.%2Fhome%2Fme@1f3a9b2c-1 is /home/me. So a process that
has loaded no plug-in, such as a spawned worker of a DataLoader, can import it too, and unpickles a plug-in's objects.
Files that were edited since they were loaded get a package of another name. sys.path plays no part.
"""

from __future__ import annotations

import importlib
import itertools
import os
import re
import sys
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from urllib.parse import quote, unquote_to_bytes

from bench.contracts.checksum import sha256
from bench.plugins import source_files

__path__: list[str] = []
"""A module with this attribute is a package: its submodules are the folders of plug-ins."""

_NUMBERS = itertools.count(1)
_LATEST: dict[Path, tuple[str, dict[str, str]]] = {}
"""Folder -> the package that stands for it now, and the checksums of the files that it was asked for."""


def load(file: Path) -> ModuleType:
    """The module of a file, given by its absolute path: made once for its code and that of the siblings it imports.

    Two plug-ins of one folder share the siblings that both import.
    """
    sums = dict(line.rsplit(" ", 1) for line in source_files.lines(file, file.parent))
    package, known = _LATEST.get(file.parent, ("", {}))
    if not package or any(known.get(name, found) != found for name, found in sums.items()):
        digest = sha256("".join(sums.values()))[:8]
        package, known = f"{__name__}.{_quoted(str(file.parent))}@{digest}-{next(_NUMBERS)}", {}
    _LATEST[file.parent] = package, known | sums
    return importlib.import_module(f"{package}.{_quoted(file.stem)}")


def plain(message: str) -> str:
    """Return a message of Python's import system without the names of such packages."""
    package = rf"{re.escape(__name__)}(\.[^.\s']+@[\w-]+)?"
    return re.sub(rf"{package}\.?", "", re.sub(rf"'{package}' \(.*\)", "the plug-in's folder", message))


def _quoted(name: str) -> str:
    """Return a name as one part of a dotted name."""
    return quote(os.fsencode(name), safe="").replace(".", "%2E")


class _Source(SourceFileLoader):
    """Compiles what is on the disk: Python's cached bytecode cannot tell an edit in the same second, of equal size."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class _Finder:
    """Finds the packages that stand for folders, and the files in them."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, _: ModuleType | None = None) -> ModuleSpec | None:
        """Return the spec of a module of this package; None for all others, and for a file that is not there."""
        if not name.startswith(f"{__name__}."):
            return None
        parent, _dot, last = name.rpartition(".")
        if parent == __name__:
            return _spec_of_folder(name)
        for folder in path or ():
            if found := _spec_of_file(name, Path(folder), os.fsdecode(unquote_to_bytes(last))):
                return found
        return None


def _spec_of_folder(name: str) -> ModuleSpec | None:
    folder, at, _ = name.rpartition(".")[2].rpartition("@")
    if not at:  # a relative import that leaves the plug-in's folder
        return None
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [os.fsdecode(unquote_to_bytes(folder))]
    return spec


def _spec_of_file(name: str, folder: Path, stem: str) -> ModuleSpec | None:
    if (file := folder / f"{stem}.py").is_file():
        return spec_from_file_location(name, file, loader=_Source(name, str(file)))
    kinds = ((ExtensionFileLoader, EXTENSION_SUFFIXES), (_Source, [".py"]))
    return FileFinder(str(folder), *kinds).find_spec(name)  # a new one each time: it remembers what a folder holds


sys.meta_path.insert(0, _Finder)
