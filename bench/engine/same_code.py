"""Refuse to run cells with other code than the process that planned them: its numbers would be believed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from bench import __version__
from bench.contracts.checksum import sha256
from bench.contracts.errors import BenchError
from bench.files import file_checksum

PACKAGES = ("bench", "bench.baselines", "bench.datasets")


@cache
def own() -> Mapping[str, str]:
    """Return name -> version of what this process computes with; bench's holds a checksum of its files and shelves."""
    specs = [find_spec(name) for name in PACKAGES]
    folders = [Path(place) for spec in specs if spec for place in spec.submodule_search_locations or ()]
    files = {file for folder in folders for file in folder.rglob("*.py")}
    sums = sorted(f"{file.name} {file_checksum(file)}\n" for file in files)
    code = f"{__version__} ({sha256(''.join(sums))[:12]})"
    return {"bench": code, "torch": version("torch"), "numpy": version("numpy")}


def refuse_other(wanted: Mapping[str, str], where: str) -> None:
    """BenchError, which names both versions, if this process has others than `wanted`. `where` names this process."""
    for name, asked in wanted.items():
        if (here := own().get(name, "absent")) != asked:
            raise BenchError(f"{where} has {name} {here}, and this bench {asked}: install the same on both")
