"""Fetch published files into the cache folder, and compare them with the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from bench.contracts.errors import BenchError, unknown
from bench.files import read_bytes
from bench.toolkit.corpora.download import Unreachable
from bench.toolkit.corpora.fetch import Corpora, verified
from bench.toolkit.corpora.manifest import Entry, File


class State(NamedTuple):
    """The state of a published file; `problem` says what is wrong with a missing or damaged one."""

    state: Literal["ready", "missing", "sound", "damaged", "absent"]
    path: Path
    problem: str = ""


def fetched(corpora: Corpora, entries: Sequence[Entry]) -> Iterator[State]:
    """Download the files that the cache folder lacks, and yield "ready" or "missing" for each file.

    BenchError if the folder cannot be written.
    """
    for file, path in _files(corpora, entries):
        try:
            corpora.fetch(file)
        except Unreachable as reason:
            yield State("missing", path, str(reason))
            continue
        if not path.is_file():
            raise BenchError(f"cannot write {path}; set BENCH_DATA to a folder that can be written")
        yield State("ready", path)


def compared(corpora: Corpora, entries: Sequence[Entry]) -> Iterator[State]:
    """Compare each file with the checksum in the manifest, and yield "sound", "damaged" or "absent"."""
    for file, path in _files(corpora, entries):
        if not path.is_file():
            yield State("absent", path)
            continue
        try:
            verified(file, read_bytes(path), str(path), "replace it")
        except BenchError as error:
            yield State("damaged", path, str(error))
        else:
            yield State("sound", path)


def refuse_unread(corpora: Corpora, entries: Sequence[Entry]) -> None:
    """BenchError if none of the datasets reads one of the user's own files: its name is misspelt."""
    known = {entry.dataset for entry in entries}
    for name in corpora.files:
        if name not in known:
            raise unknown("dataset of --corpus", name, known)


def _files(corpora: Corpora, entries: Sequence[Entry]) -> Iterator[tuple[File, Path]]:
    """Yield the files with their places in the cache folder."""
    return ((file, corpora.root / file.path) for entry in entries for file in entry.files)
