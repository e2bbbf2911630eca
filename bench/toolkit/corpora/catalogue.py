"""The published files of the installed datasets; no dataset is imported."""

from __future__ import annotations

from importlib.metadata import entry_points
from importlib.resources import files

from bench.contracts.errors import unknown
from bench.toolkit.corpora import manifest
from bench.toolkit.corpora.manifest import Entry


def entries() -> dict[str, Entry]:
    """Return name -> entry of the manifests beside the installed datasets."""
    found: dict[str, Entry] = {}
    for point in sorted(entry_points(group="bench.datasets"), key=lambda point: point.name):
        resource = files(point.module.rpartition(".")[0]).joinpath("manifest.toml")
        if resource.is_file():
            own = manifest.read(resource.read_text("utf-8"))
            found |= {name: entry for name, entry in own.items() if entry.dataset == point.name}
    return found


def chosen(names: tuple[str, ...]) -> list[Entry]:
    """Return the named entries, or all; BenchError, with the nearest name, if a name is not known."""
    known = entries()
    for name in names:
        if name not in known:
            raise unknown("published corpus", name, known)
    return [known[name] for name in names or known]
