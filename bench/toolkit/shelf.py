"""Arrays kept on disk for later processes: written whole, verified when they are read, mapped into memory.

An entry is a folder: one .npy file an array, and entry.json with the facts and the arrays' checksums.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.contracts.checksum import sha256

Arrays = dict[str, NDArray[Any]]
_DAMAGED = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError)
"""What reading an entry raises, whatever was written over it."""


class Entry(NamedTuple):
    """What an entry holds."""

    arrays: Arrays
    facts: Any


def find(folders: Iterable[Path], key: str) -> Entry | None:
    """Return the entry of that key in the first folder that has it whole; None if there is none.

    The arrays are mapped, private to this process: they can be written into, the files never change by it. So a
    plug-in that writes into its data harms nobody else, torch takes the arrays without a warning, and the fingerprint
    shows what was done.
    """
    for folder in folders:
        with suppress(*_DAMAGED):
            return _read(folder / key)
    return None


def keep(folders: Iterable[Path], key: str, arrays: Mapping[str, NDArray[Any]], facts: Any, kind: str = "") -> None:
    """Write the entry into the first folder that takes it; it is no error if none does.

    `kind` is the same for entries of which the newest alone is of use.
    """
    for folder in folders:
        if writable(folder):
            with suppress(OSError):  # of a full disk, say
                _write(folder / key, arrays, facts, kind)
                return


def sweep(folders: Iterable[Path], kind: str | None = None) -> list[Path]:
    """Remove entries that are older than the newest of their kind, and return them; of one kind, or of all kinds.

    Entries that name no kind stay. So do those in a folder that cannot be written.
    """
    removed = []
    for folder in folders:
        kinds: dict[str, list[Path]] = {}
        for entry in _entries(folder) if writable(folder) else ():
            kinds.setdefault(_kind(entry), []).append(entry)
        for name, entries in kinds.items():
            if name and kind in (None, name):
                removed += sorted(entries, key=lambda entry: (entry / "entry.json").stat().st_mtime_ns)[:-1]
    for entry in removed:
        shutil.rmtree(entry, ignore_errors=True)
    return removed


def size(entry: Path) -> int:
    """Return the bytes of an entry's files."""
    return sum(file.stat().st_size for file in entry.iterdir() if file.is_file())


def _entries(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("[!.]*/entry.json"))


def _kind(entry: Path) -> str:
    """Return the kind that an entry names; "" if it names none or is damaged."""
    with suppress(*_DAMAGED):
        return str(json.loads((entry / "entry.json").read_text(encoding="utf-8"))["kind"])
    return ""


def writable(folder: Path) -> bool:
    """Return whether the nearest existing folder lets anyone write: an administrator, who may, keeps to it as well."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return bool(existing.stat().st_mode & 0o222) and os.access(existing, os.W_OK)


def _read(entry: Path) -> Entry:
    """ValueError, or another of _DAMAGED, if a file is absent or not as it was written."""
    content = json.loads((entry / "entry.json").read_text(encoding="utf-8"))
    if content["sha256"] != _checksum(content["facts"], content["arrays"]):
        raise ValueError("entry.json is damaged")
    arrays = {}
    for name, digest in content["arrays"].items():
        mapped = np.load(entry / f"{name}.npy", mmap_mode="c", allow_pickle=False)
        arrays[name] = np.asarray(mapped)
        if _digest(arrays[name]) != digest:
            raise ValueError(f"{name}.npy is damaged")
    return Entry(arrays, content["facts"])


def _write(entry: Path, arrays: Mapping[str, NDArray[Any]], facts: Any, kind: str) -> None:
    """Under another name first, which then takes the place of what is there: a damaged entry, or the same."""
    half = entry.with_name(f".{entry.name}.{os.getpid()}")
    old = entry.with_name(f".{entry.name}.{os.getpid()}.old")
    try:
        half.mkdir(parents=True)
        for name, array in arrays.items():
            np.save(half / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
        digests = {name: _digest(array) for name, array in arrays.items()}
        content = {"kind": kind, "facts": facts, "arrays": digests, "sha256": _checksum(facts, digests)}
        (half / "entry.json").write_text(json.dumps(content), encoding="utf-8")
        with suppress(FileNotFoundError):
            entry.rename(old)
        half.rename(entry)
    finally:
        for rest in (half, old):
            shutil.rmtree(rest, ignore_errors=True)


def _digest(array: NDArray[Any]) -> str:
    """Of type, shape and values."""
    digest = hashlib.sha256(f"{array.dtype.str} {array.shape} ".encode())
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _checksum(facts: Any, digests: Mapping[str, str]) -> str:
    return sha256(json.dumps([facts, digests], sort_keys=True))
