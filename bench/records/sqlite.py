"""Handle MLflow's SQLite store as a file: check that it can be opened, and find its artifacts."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from bench.contracts.errors import BenchError
from bench.records import fence
from bench.records.store import StoreError, clear_errors

SQLITE = "sqlite:///"
LOCKED_SECONDS = 10.0
"""Seconds to wait for another program that holds the database."""
SCHEMA_SECONDS = 60.0
"""Seconds to wait for another process that writes, or makes the schema."""


def path_of(uri: str) -> Path | None:
    """Return the file of an SQLite store; None if the store is of another kind."""
    return Path(unquote(uri.removeprefix(SQLITE).partition("?")[0])) if uri.startswith(SQLITE) else None


def absolute(uri: str) -> str:
    """Return the address of an SQLite store with the absolute path of its file; other addresses stay as they are.

    MLflow keeps a store open under its address, so a relative address would still lead to the former folder after a
    change of the working directory. If the path has a "%" or a "?", MLflow would make a second folder for the absolute
    address, so that address stays relative.
    """
    here = Path.cwd()
    fits = uri.startswith(SQLITE) and not set("%?") & set(str(here))
    return f"{SQLITE}{here / uri.removeprefix(SQLITE)}" if fits else uri


@contextmanager
def locked(path: Path, uri: str) -> Iterator[None]:
    """Let one process at a time make the schema of a new store. Raises StoreError as `check` does."""
    check(path, uri)
    with alone(path, uri):
        yield


@contextmanager
def alone(path: Path, uri: str) -> Iterator[None]:
    """Let one process at a time write to a store; StoreError if another one does for too long."""
    with ExitStack() as stack:
        try:
            stack.enter_context(fence.held(path.with_name(f".{path.name}.lock"), SCHEMA_SECONDS))
        except BenchError as error:  # another process holds the lock, or the file system has no locks
            raise StoreError(f"MLflow's store {uri}: {error}") from None
        yield


def check(path: Path, uri: str) -> None:
    """Raise StoreError if the file is damaged, locked or cannot be written. MLflow itself would retry for minutes."""
    existing = next(p for p in (path, *path.absolute().parents) if p.exists())
    if not os.access(existing, os.W_OK):
        raise StoreError(f"no write permission for {existing}: MLflow's store {uri} needs it")
    if path.is_dir() or (not is_new(path) and path.open("rb").read(15) != b"SQLite format 3"):
        raise StoreError(f"{path} is not an SQLite database: move it away, or set MLFLOW_TRACKING_URI")
    if not is_new(path):
        with clear_errors(uri), closing(sqlite3.connect(path, timeout=LOCKED_SECONDS)) as store:
            store.execute("BEGIN IMMEDIATE")
            store.execute("SELECT count(*) FROM sqlite_master")


def is_new(path: Path) -> bool:
    """Return whether the store has to be made: its file is not there, or is empty."""
    return not path.exists() or not path.stat().st_size


def make(path: Path, uri: str, fill: Callable[[str], object]) -> None:
    """Make a new store whole or not at all. `fill` makes the schema in the store of an address; hold the lock."""
    for left in path.parent.glob(f".{path.name}.*.new*"):  # of a process that was killed
        left.unlink(missing_ok=True)
    address, question, options = uri.partition("?")
    folder, slash, name = address.rpartition("/")
    aside = f"{folder}{slash}.{name}.{os.getpid()}-{time.time_ns()}.new{question}{options}"  # MLflow keeps it open
    half = path_of(aside) or path
    try:
        fill(absolute(aside))
        half.replace(path)
    finally:
        for left in path.parent.glob(f"{half.name}*"):
            left.unlink(missing_ok=True)


def place(store: Path, folder: str) -> Path:
    """Return the folder of an experiment's artifacts. It lies beside the store, so that both move together."""
    return store.absolute().parent / "mlruns" / folder


def look_beside(path: Path) -> None:
    """Point a store that was moved, renamed or copied to the artifacts beside it.

    The store holds absolute addresses, which MLflow's client cannot change, so this edits the database itself.
    """
    if is_new(path):
        return
    with closing(sqlite3.connect(path)) as store, store:
        if not store.execute("SELECT 1 FROM sqlite_master WHERE name = 'experiments'").fetchone():
            return
        for experiment, former in store.execute("SELECT experiment_id, artifact_location FROM experiments").fetchall():
            there = folder_of(former or "")
            if there is None or not _was_left(there, here := place(path, there.name)):
                continue
            store.execute(
                "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?", (here.as_uri(), experiment)
            )
            store.execute(
                "UPDATE runs SET artifact_uri = ?1 || substr(artifact_uri, length(?2) + 1) "
                "WHERE experiment_id = ?3 AND substr(artifact_uri, 1, length(?2)) = ?2",
                (here.as_uri(), former, experiment),
            )


def folder_of(uri: str) -> Path | None:
    """Return the folder that an address of artifacts names; None if it is not a folder on this machine."""
    path = Path(url2pathname(urlsplit(uri).path) if uri.startswith("file:") else uri)
    return path if path.is_absolute() else None


def _was_left(there: Path, here: Path) -> bool:
    """Return whether the artifacts now lie `here` and no longer `there`. A database copied alone left them `there`."""
    if there.parent.name != here.parent.name or there.resolve() == here.resolve():
        return False
    return here.parent.exists() or not there.exists()
