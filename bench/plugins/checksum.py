"""The checksum of a plug-in's files, code and named data files: an edited file makes a new cell."""

from __future__ import annotations

from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from bench.contracts.checksum import sha256
from bench.plugins import loading as plugins
from bench.plugins import source_files
from bench.plugins.reference import parse_plugin


def checksum(*references: str) -> str:
    """Return one sha256 of all files of the plug-ins; "" if all plug-ins belong to this package."""
    sums = [line for place in map(_place, references) if place for line in source_files.lines(*place)]
    return sha256("".join(sums)) if sums else ""


def _place(text: str) -> tuple[Path, Path] | None:
    """Return the plug-in's file, and the folder that its imports start from; None if it is ours or is not found."""
    reference = parse_plugin(text)
    if reference.file:
        return reference.file, reference.file.parent
    module = plugins.module_of(reference)
    with suppress(ImportError, ValueError):  # loading the plug-in says more
        spec = find_spec(module) if module and not source_files.ours(module) else None
        if spec and spec.origin:
            path = Path(spec.origin).resolve()
            return path, source_files.root_of(path, module)
    return None
