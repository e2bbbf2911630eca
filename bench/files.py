"""Write a file so that its name never stands for half of it, and read one that others may have damaged or removed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.contracts.errors import BenchError, folded

if TYPE_CHECKING:
    import pandas as pd


def write_whole(path: Path, content: bytes) -> None:
    """Put the content in the file's place, and make its folder; OSError, and nothing changed, where that fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with half.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else a power cut may leave the new name and none of its content
        if path.exists():
            shutil.copymode(path, half)
        half.replace(path)
    except OSError:
        half.unlink(missing_ok=True)
        raise


def write_output(path: Path, content: bytes) -> None:
    """Write what a user's --out names; BenchError where that fails.

    A link, or what is no plain file (/dev/stdout), is written into, never replaced.
    """
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            path.write_bytes(content)
        else:
            write_whole(path, content)
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}") from None


def read_bytes(path: Path, kind: str = "") -> bytes:
    """The file's bytes; a BenchError of one line, which says what `kind` of file it is, where it cannot be read."""
    try:
        if path.is_fifo():  # it could be read but once, and every worker reads
            raise BenchError(f"{kind}{path} is a pipe: give a file")
        return path.read_bytes()
    except OSError as error:
        raise BenchError(f"cannot read {kind}{path}: {error.strerror}") from None


def read_scores(path: Path, place: str, remedy: str) -> pd.DataFrame:
    """The table in a Parquet file; BenchError, which names its place and ends with the remedy, where it is damaged."""
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except (OSError, ValueError, LookupError, TypeError) as error:  # of pyarrow, and of pandas' own part of the file
        raise BenchError(f"{place} is damaged ({folded(error)[:80]}): {remedy}") from None


def read_object(path: Path, remedy: str) -> dict[str, Any]:
    """The JSON object that a file holds; BenchError, which ends with the remedy, where it holds none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BenchError(f"{path} is damaged ({error}): {remedy}") from None
    if not isinstance(found, dict):
        raise BenchError(f"{path} is damaged (no JSON object): {remedy}")
    return found
