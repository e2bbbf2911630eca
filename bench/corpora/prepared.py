"""Prepared arrays are kept by fingerprint of their source and of the rules that made them."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from bench.corpora.fetch import Corpora, cache, joint_checksum, user_cache
from bench.corpora.manifest import checksum
from bench.corpora.near_copies import near_copies_note
from bench.data import SequenceData, Source
from bench.vocabulary import Vocabulary

_DAMAGED = (OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What reading a cached file raises, whatever was written over it."""


class NotPrepared(Exception):
    """The arrays are not in the cache, and were not to be made."""


def prepared(
    corpora: Corpora,
    source: Source,
    rules: Mapping[str, Any],
    make: Callable[[], SequenceData],
    packages: Sequence[str] = ("bench.corpora",),
) -> SequenceData:
    """`make()`, or what it gave when it was called before for the same source, rules and code.

    A note on near-copies is added to what `make()` gives.
    `rules` are the knobs that the arrays depend on, `packages` the code besides the file that `make` is written in. The
    cache lies in the corpora's folder, or in the user's cache where that is read-only; a damaged one is made anew, and
    one that cannot be written is no error.
    """
    code = _checksum_of_code(make.__code__.co_filename, packages)
    key = checksum(json.dumps([source.sha256, source.file, dict(rules), code], sort_keys=True).encode())[:32]
    for folder in _folders(corpora):
        try:
            return replace(_from_npz((folder / f"{key}.npz").read_bytes()), source=source)
        except _DAMAGED:
            continue
    if corpora.only_prepared:
        raise NotPrepared(source.file)
    data = make()
    data = replace(data, notes=(*data.notes, *near_copies_note(data)))
    content = _to_npz(data)
    any(cache(folder / f"{key}.npz", content) for folder in _folders(corpora))
    return data


def _checksum_of_code(file: str, packages: Sequence[str]) -> str:
    """Of a file and of packages that are not imported for it: an edited rule never meets arrays of the old one."""
    specs = (find_spec(package) for package in packages)
    folders = [Path(place) for spec in specs if spec for place in spec.submodule_search_locations or ()]
    modules = [module for folder in folders for module in sorted(folder.rglob("*.py"))]
    return joint_checksum([path.read_bytes() for path in (Path(file), *modules)])


def _folders(corpora: Corpora) -> tuple[Path, ...]:
    return tuple(dict.fromkeys((corpora.root / "prepared", user_cache() / "prepared")))


def _to_npz(data: SequenceData) -> bytes:
    facts = {"vocabulary": asdict(data.vocabulary), "notes": data.notes, "warnings": data.warnings}
    stream = io.BytesIO()
    encoded = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)
    # int32 halves the file; ids never come near its bound.
    splits = {name: getattr(data, name).astype(np.int32) for name in ("train", "valid", "test")}
    np.savez_compressed(stream, facts=encoded, **splits)
    return stream.getvalue()


def _from_npz(content: bytes) -> SequenceData:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        facts = json.loads(arrays["facts"].tobytes())
        train, valid, test = (arrays[name].astype(np.int64) for name in ("train", "valid", "test"))
    vocabulary = Vocabulary(**{**facts["vocabulary"], "tokens": tuple(facts["vocabulary"]["tokens"])})
    notes, warnings = tuple(facts["notes"]), tuple(facts["warnings"])
    return SequenceData(train, valid, test, vocabulary, Source("", "", "", "local"), notes, warnings)
