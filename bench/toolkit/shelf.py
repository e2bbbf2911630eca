"""Arrays kept on disk for later processes: written whole, verified when they are read, mapped into memory.

An entry is a folder: one .npy file an array, and entry.json with a description and the arrays' checksums.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.contracts.checksum import sha256

Arrays = dict[str, NDArray[Any]]
PATIENCE = 900.0
"""Seconds to wait for another process that makes the same entry."""
_DAMAGED = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError)
"""The errors of reading a damaged entry."""


class Entry(NamedTuple):
    """The arrays of an entry and its description, which is plain JSON."""

    arrays: Arrays
    description: Any


def find(folders: Iterable[Path], key: str) -> Entry | None:
    """Return the entry of that key from the first folder that has it undamaged; None if none has.

    The arrays are mapped copy-on-write: a plug-in can write into them, and the files do not change. So no other process
    is harmed, torch takes the arrays without a warning, and the fingerprint shows the change.
    """
    for folder in folders:
        with suppress(*_DAMAGED):
            return _read(folder / key)
    return None


def made(folders: Sequence[Path], key: str, make: Callable[[], Mapping[str, NDArray[Any]]]) -> Entry:
    """Return the entry of that key; if no folder has it, call `make()` and keep the result.

    If several processes ask for it, one makes it and the others wait. All share the mapped files. If no folder can be
    written, each process has arrays of its own.
    """
    if (found := find(folders, key)) is not None:
        return found
    with _alone(folders, key):
        if (found := find(folders, key)) is not None:
            return found
        arrays = make()
        keep(folders, key, arrays, None)
        return find(folders, key) or Entry(dict(arrays), None)


@contextmanager
def _alone(folders: Iterable[Path], key: str) -> Iterator[None]:
    """Let one process at a time make the entry. A process waits for PATIENCE at most, and not if locks fail."""
    from filelock import FileLock

    folder = next(filter(writable, folders), None)
    lock = FileLock(folder / f".{key}.lock", timeout=PATIENCE) if folder else None
    with suppress(OSError, NotImplementedError):  # Timeout is an OSError; without the lock, the entry is made twice
        if folder and lock:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
    try:
        yield
    finally:
        if folder and lock and lock.is_locked:
            with suppress(OSError):
                (folder / f".{key}.lock").unlink(missing_ok=True)
            lock.release()


def keep(
    folders: Iterable[Path], key: str, arrays: Mapping[str, NDArray[Any]], description: Any, kind: str = ""
) -> None:
    """Write the entry into the first folder that takes it; it is no error if none does.

    Of entries of one `kind`, only the newest is of use: see `sweep`.
    """
    for folder in folders:
        if writable(folder):
            with suppress(OSError):  # for example, the disk is full
                _write(folder / key, arrays, description, kind)
                return


def sweep(folders: Iterable[Path], kind: str | None = None) -> list[Path]:
    """Remove the entries of a kind (None: of every kind) that are older than its newest, and return them.

    Entries without a kind, and those in a folder that cannot be written, stay.
    """
    removed = []
    for folder in folders:
        kinds: dict[str, list[Path]] = {}
        for entry in _entries(folder) if writable(folder) else ():
            kinds.setdefault(_kind(entry), []).append(entry)
        for name, entries in kinds.items():
            if name and kind in (None, name):
                removed += sorted(entries, key=_made)[:-1]
    for entry in removed:
        shutil.rmtree(entry, ignore_errors=True)
    return removed


def size(entry: Path) -> int:
    """Return the bytes of an entry's files."""
    return sum(file.stat().st_size for file in entry.iterdir() if file.is_file())


def _entries(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("[!.]*/entry.json"))


def _made(entry: Path) -> int:
    """Return when an entry was made, in nanoseconds; 0 if another process has swept it."""
    with suppress(OSError):
        return (entry / "entry.json").stat().st_mtime_ns
    return 0


def _kind(entry: Path) -> str:
    """Return the kind that an entry names; "" if it names none or is damaged."""
    with suppress(*_DAMAGED):
        return str(json.loads((entry / "entry.json").read_text(encoding="utf-8"))["kind"])
    return ""


def writable(folder: Path) -> bool:
    """Return whether the nearest existing folder has write permission, which root needs here too."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return bool(existing.stat().st_mode & 0o222) and os.access(existing, os.W_OK)


def _read(entry: Path) -> Entry:
    """Return the entry; ValueError, or another of _DAMAGED, if a file is absent or was changed."""
    content = json.loads((entry / "entry.json").read_text(encoding="utf-8"))
    if content["sha256"] != _checksum(content["description"], content["arrays"]):
        raise ValueError("entry.json is damaged")
    arrays = {}
    for name, digest in content["arrays"].items():
        mapped = np.load(entry / f"{name}.npy", mmap_mode="c", allow_pickle=False)
        arrays[name] = np.asarray(mapped)
        if _digest(arrays[name]) != digest:
            raise ValueError(f"{name}.npy is damaged")
    return Entry(arrays, content["description"])


def _write(entry: Path, arrays: Mapping[str, NDArray[Any]], description: Any, kind: str) -> None:
    """Write the entry under another name, then rename it; it replaces a damaged entry, or the same one."""
    half = entry.with_name(f".{entry.name}.{os.getpid()}")
    old = entry.with_name(f".{entry.name}.{os.getpid()}.old")
    try:
        half.mkdir(parents=True)
        for name, array in arrays.items():
            np.save(half / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
        digests = {name: _digest(array) for name, array in arrays.items()}
        content = {
            "kind": kind,
            "description": description,
            "arrays": digests,
            "sha256": _checksum(description, digests),
        }
        (half / "entry.json").write_text(json.dumps(content), encoding="utf-8")
        with suppress(FileNotFoundError):
            entry.rename(old)
        half.rename(entry)
    finally:
        for rest in (half, old):
            shutil.rmtree(rest, ignore_errors=True)


def _digest(array: NDArray[Any]) -> str:
    """Return the checksum of type, shape and values."""
    digest = hashlib.sha256(f"{array.dtype.str} {array.shape} ".encode())
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _checksum(description: Any, digests: Mapping[str, str]) -> str:
    return sha256(json.dumps([description, digests], sort_keys=True))
