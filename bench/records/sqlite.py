"""MLflow's SQLite store as a file: whether it can be opened, and where its artifacts lie."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from filelock import FileLock

from bench.contracts.errors import BenchError

SQLITE = "sqlite:///"


def path_of(uri: str) -> Path | None:
    """Return the file of an SQLite store; None for any other."""
    return Path(unquote(uri.removeprefix(SQLITE).partition("?")[0])) if uri.startswith(SQLITE) else None


def absolute(uri: str) -> str:
    """Return the address with the whole path of an SQLite store's file, and any other address as it is.

    MLflow keeps a store open under its address: a relative one would still lead to the former folder after a change of
    the working directory. It makes a second folder where the path has a "%" or a "?", so there the address stays.
    """
    here = Path.cwd()
    fits = uri.startswith(SQLITE) and not set("%?") & set(str(here))
    return f"{SQLITE}{here / uri.removeprefix(SQLITE)}" if fits else uri


@contextmanager
def locked(path: Path, uri: str) -> Iterator[None]:
    """One process at a time makes the schema of a new store. BenchError as `check` says."""
    check(path, uri)
    with FileLock(path.with_name(f".{path.name}.lock")):
        yield


def check(path: Path, uri: str) -> None:
    """BenchError if the file is damaged or cannot be written: MLflow would try again for minutes."""
    existing = next(p for p in (path, *path.absolute().parents) if p.exists())
    if not os.access(existing, os.W_OK):
        raise BenchError(f"no write permission for {existing}: MLflow's store {uri} needs it")
    if path.is_dir() or (path.exists() and path.stat().st_size and path.open("rb").read(15) != b"SQLite format 3"):
        raise BenchError(f"{path} is not an SQLite database: move it away, or set MLFLOW_TRACKING_URI")


def place(store: Path, folder: str) -> Path:
    """Where an SQLite store's experiment keeps its artifacts: beside the store, so that both are moved together."""
    return store.absolute().parent / "mlruns" / folder


def look_beside(path: Path) -> None:
    """Have a store that was moved, renamed or copied read and write the artifacts beside it, not those it left.

    It holds absolute addresses, which MLflow's client cannot change.
    """
    if not path.exists() or not path.stat().st_size:
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
    """Return the folder that an address of artifacts names; None for one that is no folder here."""
    path = Path(url2pathname(urlsplit(uri).path) if uri.startswith("file:") else uri)
    return path if path.is_absolute() else None


def _was_left(there: Path, here: Path) -> bool:
    """Whether artifacts that a store keeps there are to be here: a database copied alone has them where they were."""
    if there.parent.name != here.parent.name or there.resolve() == here.resolve():
        return False
    return here.parent.exists() or not there.exists()
