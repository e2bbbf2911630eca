"""Refuse one dataset name for two corpora: tables, MLflow experiments and human scores know a corpus by its name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from bench.contracts.errors import BenchError
from bench.planning.cell import ELSEWHERE, Cell
from bench.planning.dataset_reference import is_same_file
from bench.plugins.reference import TEXT, parse_plugin
from bench.records.runs import RunsFolder


class NamedCorpus(NamedTuple):
    """The corpus behind a dataset's name: a plug-in, the user's file if it reads one, and the data's fingerprint."""

    name: str
    plugin: str
    file: str
    fingerprint: str

    @property
    def place(self) -> str:
        """Return where the corpus comes from, for messages."""
        return self.file or self.plugin


def of_cell(cell: Cell) -> NamedCorpus:
    """Return the corpus that a cell was planned for."""
    return _corpus(cell.dataset_label, cell.dataset, dict(cell.dataset_settings), cell.fingerprint)


def in_runs(runs: RunsFolder, plan: str) -> Iterator[NamedCorpus]:
    """Yield the corpora of all runs in a folder, and those of the plan's samples made elsewhere."""
    kept = runs.plans.get(plan, {})
    return (of_cell(cell) for cell in runs.whole_cells() if cell.reference != ELSEWHERE or cell.id in kept)


def of_tags(tags: Mapping[str, str]) -> NamedCorpus | None:
    """Return the corpus of a tracked run; None if the run belongs to no cell."""
    wanted = ("dataset", "dataset.reference", "dataset.settings", "fingerprint")
    if not all(tag in tags for tag in wanted):
        return None
    name, plugin, settings, fingerprint = (tags[tag] for tag in wanted)
    return _corpus(name, plugin, json.loads(settings), fingerprint)


def refuse_taken(new: Iterable[NamedCorpus], known: Iterable[NamedCorpus], where: str) -> None:
    """Raise BenchError if a name already stands for another corpus: one's tables would overwrite the other's.

    Two corpora differ if both their place and their data differ. The same data may come from another place, and the
    same place may give other data, for example after an edit.
    """
    kept = list(dict.fromkeys(known))
    for corpus in dict.fromkeys(new):
        twin = next((other for other in kept if _collide(corpus, other)), None)
        if twin is not None:
            remedy = (
                f"name this one, as in -d NAME=text:{corpus.file}" if corpus.file else "give its class another name"
            )
            raise BenchError(
                f"two corpora are called {corpus.name!r}: {twin.place} in {where}, and here {corpus.place}; {remedy}, "
                "or give another --runs folder and another --plan"
            )


def _corpus(name: str, plugin: str, settings: Mapping[str, object], fingerprint: str) -> NamedCorpus:
    file = str(settings.get("file") or "") if plugin == TEXT else ""
    return NamedCorpus(name, plugin, file, fingerprint)


def _collide(one: NamedCorpus, other: NamedCorpus) -> bool:
    if one.name != other.name or one.fingerprint == other.fingerprint:
        return False
    if one.file and other.file:
        return not is_same_file(one.file, other.file)
    return parse_plugin(one.plugin) != parse_plugin(other.plugin)
