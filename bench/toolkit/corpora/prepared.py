"""Prepared arrays are kept by fingerprint of their source and of the rules that made them."""

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
    """The arrays are not in the cache, and were not to be made."""


def prepared(
    corpora: Corpora,
    source: Source,
    rules: Mapping[str, Any],
    make: Callable[[], SequenceData],
    packages: Sequence[str] = ("bench.toolkit.corpora",),
) -> SequenceData:
    """`make()`, or what it gave when it was called before for the same source, rules and code.

    What an older code or source gave for the same rules is removed. A note on near-copies is added to what `make()`
    gives.
    `rules` are the knobs that the arrays depend on, `packages` the code besides the file that `make` is written in. The
    cache lies in the corpora's folder, or in the user's cache where that is read-only; a damaged one is made anew, and
    one that cannot be written is no error.
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
    shelf.keep(shelves, key, {name: getattr(data, name) for name in SPLITS}, _facts(data), kind)
    shelf.sweep(shelves, kind)
    return data.kept_in(shelves)


def _checksum_of_code(file: str, packages: Sequence[str]) -> str:
    """Of a file and of packages that are not imported for it: an edited rule never meets arrays of the old one."""
    specs = (find_spec(package) for package in packages)
    folders = [Path(place) for spec in specs if spec for place in spec.submodule_search_locations or ()]
    modules = [module for folder in folders for module in sorted(folder.rglob("*.py"))]
    return joint_checksum([path.read_bytes() for path in (Path(file), *modules)])


def _folders(corpora: Corpora) -> tuple[Path, ...]:
    return fetch.shelves(corpora)


def _facts(data: SequenceData) -> dict[str, Any]:
    """Return all of the data but the arrays and the source."""
    return {"vocabulary": asdict(data.vocabulary), "notes": data.notes, "warnings": data.warnings, "part": data.part}


def _from_entry(entry: shelf.Entry, source: Source) -> SequenceData:
    words = entry.facts["vocabulary"]
    vocabulary = Vocabulary(**{**words, "tokens": tuple(words["tokens"])})
    train, valid, test = (entry.arrays[name] for name in SPLITS)
    notes, warnings = tuple(entry.facts["notes"]), tuple(entry.facts["warnings"])
    return SequenceData(train, valid, test, vocabulary, source, notes, warnings, entry.facts["part"])
