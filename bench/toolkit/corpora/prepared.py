"""Keep prepared arrays under the checksum of their source and of the rules that made them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench.contracts.data import SequenceData, Source
from bench.contracts.vocabulary import Vocabulary
from bench.toolkit import shelf
from bench.toolkit.corpora import fetch
from bench.toolkit.corpora.fetch import Corpora, joint_checksum
from bench.toolkit.corpora.manifest import checksum
from bench.toolkit.corpora.near_copies import near_copies_note

SPLITS = ("train", "valid", "test")


class NotPrepared(Exception):
    """The arrays are not in the cache, and the caller does not want them made."""


def prepared(
    corpora: Corpora,
    source: Source,
    rules: Mapping[str, Any],
    make: Callable[[], SequenceData],
    packages: Sequence[str] = ("bench.toolkit.corpora",),
) -> SequenceData:
    """Return `make()`, or its earlier result for the same source, rules and code, with a note on near-copies.

    Results of older code or of another source for the same rules are removed. `rules` are the knobs that the arrays
    depend on, `packages` the code besides the file of `make`. The cache lies in the corpora's folder, or in the user's
    cache if that folder is read-only. A damaged cache is made anew; one that cannot be written is no error.
    """
    code = _checksum_of_code(make.__code__.co_filename, packages)
    key = checksum(json.dumps([source.sha256, source.file, dict(rules), code], sort_keys=True).encode())[:32]
    shelves = _folders(corpora)
    if (found := shelf.find(shelves, key)) is not None:
        return _from_entry(found, source).kept_in(shelves)
    if corpora.only_prepared:
        raise NotPrepared(source.file)
    data = make()
    data = replace(data, notes=(*data.notes, *near_copies_note(data)))
    kind = checksum(json.dumps([source.file, dict(rules)], sort_keys=True).encode())[:32]
    shelf.keep(shelves, key, {name: getattr(data, name) for name in SPLITS}, _description(data), kind)
    shelf.sweep(shelves, kind)
    kept = shelf.find(shelves, key)  # mapped, so that this process shares the memory of its workers
    return (_from_entry(kept, source) if kept is not None else data).kept_in(shelves)


def _checksum_of_code(file: str, packages: Sequence[str]) -> str:
    """Return the checksum of a file and of packages, which are not imported: an edited rule makes new arrays."""
    specs = (find_spec(package) for package in packages)
    folders = [Path(place) for spec in specs if spec for place in spec.submodule_search_locations or ()]
    modules = [module for folder in folders for module in sorted(folder.rglob("*.py"))]
    return joint_checksum([path.read_bytes() for path in (Path(file), *modules)])


def _folders(corpora: Corpora) -> tuple[Path, ...]:
    return fetch.shelves(corpora)


def _description(data: SequenceData) -> dict[str, Any]:
    """Return all of the data but the arrays and the source."""
    return {"vocabulary": asdict(data.vocabulary), "notes": data.notes, "warnings": data.warnings, "part": data.part}


def _from_entry(entry: shelf.Entry, source: Source) -> SequenceData:
    words = entry.description["vocabulary"]
    vocabulary = Vocabulary(**{**words, "tokens": tuple(words["tokens"])})
    train, valid, test = (entry.arrays[name] for name in SPLITS)
    notes, warnings = tuple(entry.description["notes"]), tuple(entry.description["warnings"])
    return SequenceData(train, valid, test, vocabulary, source, notes, warnings, entry.description["part"])
