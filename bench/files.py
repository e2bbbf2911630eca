"""Write files whole; read, name and check them."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from bench.contracts.checksum import sha256
from bench.contracts.errors import BenchError, folded

if TYPE_CHECKING:
    import pandas as pd


NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a disk, a quota or a file that is full."""


def write_whole(path: Path, content: bytes) -> None:
    """Replace the file by the content, and make its folder; if that fails, OSError, and the file stays as it was."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    with telling_room(path, len(content)):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with half.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())  # else a power cut may leave the new name and none of its content
            if path.exists():
                shutil.copymode(path, half)
            half.replace(path)
        except OSError:
            with suppress(OSError):
                half.unlink(missing_ok=True)
            raise


@contextmanager
def telling_room(path: Path, needed: int) -> Iterator[None]:
    """Add to an OSError for lack of room how many bytes the path needs, and how many its disk has left."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        free = f", {left:,} are free" if (left := free_bytes(path)) is not None else ""
        raise OSError(
            error.errno, f"{os.strerror(error.errno)}; {needed:,} bytes are needed{free}", str(path)
        ) from None


def free_bytes(path: Path) -> int | None:
    """Return the bytes that a user may still write to the disk of a path; None if it does not say."""
    with suppress(OSError, StopIteration):
        return shutil.disk_usage(next(place for place in path.absolute().parents if place.exists())).free
    return None


def write_output(path: Path, content: bytes) -> None:
    """Write the file that a user's --out names; BenchError if that fails.

    A link or a special file (/dev/stdout) is written into, not replaced.
    """
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            path.write_bytes(content)
        else:
            write_whole(path, content)
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}") from None


def read_bytes(path: Path, kind: str = "") -> bytes:
    """Return the file's bytes; BenchError, which names the `kind` of file, if it cannot be read."""
    try:
        _refuse_endless(path, kind)
        return path.read_bytes()
    except OSError as error:
        raise BenchError(f"cannot read {kind}{path}: {error.strerror}") from None


def _refuse_endless(path: Path, kind: str = "") -> None:
    """Raise BenchError if the path is a pipe, a socket or a device.

    A pipe can be read once only, and every worker reads; a device as /dev/zero does not end.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        what = "a pipe" if path.is_fifo() else "a socket" if path.is_socket() else "a device"
        raise BenchError(f"{kind}{path} is {what}: give a file")


@contextmanager
def plain_file(path: Path, *, append: bool = False) -> Iterator[IO[bytes]]:
    """Open a plain file to read, or to write at its end, and make it then if it is not there; OSError if that fails.

    A pipe, a device or a folder is an OSError too: to open or read it might take for ever.
    """
    how = os.O_WRONLY | os.O_APPEND | os.O_CREAT if append else os.O_RDONLY
    descriptor = os.open(path, how | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0), 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no plain file", str(path))
    with open(descriptor, "ab" if append else "rb") as file:  # noqa: PTH123
        yield file


def plain_bytes(path: Path) -> bytes:
    """Return the bytes of a plain file; OSError if it cannot be read, or is a pipe, a device or a folder."""
    with plain_file(path) as file:
        return file.read()


def read_scores(path: Path, place: str, remedy: str) -> pd.DataFrame:
    """Return the table in a Parquet file; BenchError, which names its place and ends with the remedy, if damaged."""
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except (OSError, ValueError, LookupError, TypeError) as error:  # from pyarrow, and from pandas' part of the file
        raise BenchError(f"{place} is damaged ({folded(error, 80)}): {remedy}") from None


def read_object(path: Path, remedy: str) -> dict[str, Any]:
    """Return the JSON object in a file; BenchError, which ends with the remedy, if it holds none."""
    try:
        found = json.loads(plain_bytes(path))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise BenchError(f"{path} is damaged ({folded(error)}): {remedy}") from None
    if not isinstance(found, dict):
        raise BenchError(f"{path} is damaged (no JSON object): {remedy}")
    return found


def read_text(path: Path, kind: str = "", remedy: str = "convert the file to UTF-8") -> str:
    """Return a file's UTF-8 text without a byte-order mark; BenchError, which names `kind`, if it cannot be read."""
    return as_text(read_bytes(path, kind), f"{kind}{path}", remedy=remedy)


def as_text(
    content: bytes, where: str, *, encoding: str = "utf-8-sig", remedy: str = "convert the file to UTF-8"
) -> str:
    """Decode bytes; BenchError if they are not in that encoding, with the number of the line in UTF-8."""
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        place = f", line {line_number(content, error.start)}" if encoding == "utf-8-sig" else ""
        name = encoding.removesuffix("-sig").upper()
        raise BenchError(f"{where}{place}: not {name} ({error.reason}); {remedy}") from None


def line_number(content: bytes, place: int) -> int:
    """Return the number of the line that holds a byte, from 1; \\n, \\r\\n or \\r ends a line."""
    before = content[:place].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return before.count(b"\n") + 1


def checksum(path: Path) -> str:
    """Return the sha256 of a file, or of the names and sums of all files in a folder; BenchError if unreadable."""
    try:
        if not path.is_dir():
            _refuse_endless(path)
            return file_checksum(path)
        files = sorted(file for file in path.rglob("*") if file.is_file())
        sums = (f"{file.relative_to(path).as_posix()} {file_checksum(file)}\n" for file in files)
        return sha256("".join(sums))
    except OSError as error:
        raise BenchError(f"cannot read {path}: {error.strerror}") from None


def file_checksum(path: Path) -> str:
    """Return the hex sha256 of a file of any size; OSError if it cannot be read."""
    digest = hashlib.sha256()
    with plain_file(path) as file:
        while part := file.read(2**20):
            digest.update(part)
    return digest.hexdigest()


def safe_name(name: str, other: str = r"[^\w.,=\[\]-]|^\.", stand_in: str = "_", most: int = 80) -> str:
    """Return a name for a file, at most `most` characters and a mark; no two names share one.

    What matches `other` becomes `stand_in`. A name that changes gets six digits of its sha256 as a mark.
    """
    return marked(re.sub(other, stand_in, name)[:most], name)


def marked(plain: str, name: str) -> str:
    """Return `plain`, with six digits of the sha256 of `name` unless it is that name."""
    return plain if plain and plain == name else f"{plain}-{sha256(name)[:6]}"
