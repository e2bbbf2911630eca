"""Let one process at a time work in a folder, by a lock that the system frees when the process dies.

The lock is a file. It says who holds it: process, host, and since when. A process that is forked from the holder does
not hold it.
"""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from bench.contracts.errors import BenchError
from bench.files import plain_bytes, plain_file

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EIO, errno.EOPNOTSUPP)
"""Errors of a file system that does not lock files."""
FOREVER = -1.0
"""Wait for the lock as long as it takes."""
NAME = ".lock"
"""The lock's file in a runs folder, and in the folder of a cell."""


@dataclass(frozen=True)
class Holder:
    """The process that holds a lock; `since` is in seconds since the epoch."""

    pid: int
    host: str
    since: float

    @property
    def is_here(self) -> bool:
        """Return whether the process runs, or ran, on this host."""
        return self.host == socket.gethostname()

    def __str__(self) -> str:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        return f"process {self.pid} on {self.host} since {when}"


class Taken(BenchError):
    """Another process holds the lock at `path`; `holder` is None if it does not say who it is."""

    def __init__(self, path: Path, holder: Holder | None) -> None:
        super().__init__(f"{path.parent} is in use by {holder or 'another process'}")
        self.path, self.holder = path, holder


@contextmanager
def held(path: Path, wait: float = 0.0, *, remove: bool = False) -> Iterator[None]:
    """Hold the lock until the block ends or the process dies; make the folder of its file.

    `wait` is how many seconds to wait for another process. Taken if that still holds the lock. BenchError if the file
    system does not lock files. `remove` removes the file at the end.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, on_acquired=_write_holder)
    try:
        lock.acquire(timeout=wait)
    except Timeout:
        raise Taken(path, said_holder(path)) from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        raise BenchError(
            f"the file system of {path.parent} does not lock files ({error.strerror}): use a folder on another one"
        ) from None
    try:
        yield
    finally:
        if remove:
            path.unlink(missing_ok=True)  # while it is held: who waits for it then makes another file
        lock.release()


@contextmanager
def held_when_free(path: Path, waiting: Callable[[Taken], object]) -> Iterator[None]:
    """Hold the lock as `held` does, as soon as it is free; call `waiting` if it is not free now."""
    with ExitStack() as stack:
        try:
            stack.enter_context(held(path))
        except Taken as taken:
            waiting(taken)
            stack.enter_context(held(path, FOREVER))
        yield


def is_held(path: Path) -> bool:
    """Return whether a process holds the lock; True also if that cannot be found out."""
    if not path.exists():
        return False
    try:
        import fcntl

        with plain_file(path) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return True
    return False


def is_surely_held(path: Path) -> bool:
    """Return whether a process holds the lock; False also if that cannot be found out."""
    return importlib.util.find_spec("fcntl") is not None and is_held(path)


def said_holder(path: Path) -> Holder | None:
    """Return the holder that the file names, which may be gone; None if it names none."""
    try:
        return Holder(**json.loads(plain_bytes(path)))
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _write_holder(descriptor: int) -> None:
    """Write this process into the lock's file; a full disk is no reason not to work."""
    holder = Holder(os.getpid(), socket.gethostname(), round(time.time(), 3))
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps(asdict(holder)).encode())
