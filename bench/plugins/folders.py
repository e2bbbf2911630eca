"""Import a plug-in's file as a module of a package that stands for its folder, so that relative imports find siblings.

The name of the package holds the folder: bench.plugins.folders.%2Fhome%2Fme@1f3a9b2c-1 is /home/me. So a process that
has loaded no plug-in, such as a spawned worker of a DataLoader, can import it too, and unpickle a plug-in's objects.
Files that were edited since they were loaded get a package of another name. sys.path is neither read nor changed.
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
"""Folder -> the package that stands for it now, and the checksums of the files that were loaded from it."""


def load(file: Path) -> ModuleType:
    """Return the module of a file, given by its absolute path. Unchanged code is imported once.

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
    """Return an error message of Python's import system without the names of such packages."""
    package = rf"{re.escape(__name__)}(\.[^.\s']+@[\w-]+)?"
    return re.sub(rf"{package}\.?", "", re.sub(rf"'{package}' \(.*\)", "the plug-in's folder", message))


def _quoted(name: str) -> str:
    """Return a name as one part of a dotted name."""
    return quote(os.fsencode(name), safe="").replace(".", "%2E")


def _unquoted(part: str) -> str:
    return os.fsdecode(unquote_to_bytes(part))


class _Source(SourceFileLoader):
    """Compiles the file on the disk: Python's cached bytecode misses an edit within a second that keeps the size."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(path := self.get_filename(fullname)), path)


class _Finder:
    """Finds the packages that stand for folders, and the files in them."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, _: ModuleType | None = None) -> ModuleSpec | None:
        """Return the spec of a module of this package; None for all others, and for a file that is not there."""
        parent, _dot, last = name.rpartition(".")
        if parent == __name__ and "@" in last:  # without @: a relative import that leaves the plug-in's folder
            package = ModuleSpec(name, None, is_package=True)
            package.submodule_search_locations = [_unquoted(last.rpartition("@")[0])]
            return package
        places = path or () if parent.startswith(f"{__name__}.") else ()
        return next((spec for folder in places if (spec := _spec_of_file(name, folder, _unquoted(last)))), None)


def _spec_of_file(name: str, folder: str, stem: str) -> ModuleSpec | None:
    if (file := Path(folder, f"{stem}.py")).is_file():  # its name may have a dot, which Python's own finder refuses
        return spec_from_file_location(name, file, loader=_Source(name, str(file)))
    kinds = ((ExtensionFileLoader, EXTENSION_SUFFIXES), (_Source, [".py"]))
    return FileFinder(folder, *kinds).find_spec(name)  # a new one each time: it remembers the folder's files


sys.meta_path.insert(0, _Finder)
