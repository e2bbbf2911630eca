"""One name, one corpus: tables, MLflow's experiments and human scores go by a dataset's name alone."""

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
    """What a dataset's name stands for: a plug-in, the user's file where it reads one, and the data's fingerprint."""

    name: str
    plugin: str
    file: str
    fingerprint: str

    @property
    def place(self) -> str:
        """Where it comes from, for people."""
        return self.file or self.plugin


def of_cell(cell: Cell) -> NamedCorpus:
    """Return the corpus that a cell was planned for."""
    return _corpus(cell.dataset_label, cell.dataset, dict(cell.dataset_settings), cell.fingerprint)


def in_runs(runs: RunsFolder, plan: str) -> Iterator[NamedCorpus]:
    """Yield the corpora of all runs in a folder, and of those samples made elsewhere that are in the plan."""
    kept = runs.plans.get(plan, {})
    return (of_cell(cell) for cell in runs.whole_cells() if cell.reference != ELSEWHERE or cell.id in kept)


def of_tags(tags: Mapping[str, str]) -> NamedCorpus | None:
    """Return the corpus of a tracked run; None for a run that is no cell's."""
    wanted = ("dataset", "dataset.reference", "dataset.settings", "fingerprint")
    if not all(tag in tags for tag in wanted):
        return None
    name, plugin, settings, fingerprint = (tags[tag] for tag in wanted)
    return _corpus(name, plugin, json.loads(settings), fingerprint)


def refuse_taken(new: Iterable[NamedCorpus], known: Iterable[NamedCorpus], where: str) -> None:
    """BenchError if a name stands for another corpus already: the tables of one would overwrite those of the other.

    The same data may come from another place, and the same place may give other data, as after an edit.
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
