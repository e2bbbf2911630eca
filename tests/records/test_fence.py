"""A lock is held by one living process, says who that is, and needs a file system that locks."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.records import fence

HOLDS = """
import os, sys, time
from pathlib import Path
from bench.records import fence
with fence.held(Path(sys.argv[1])):
    if sys.argv[2:] and not os.fork():
        Path(sys.argv[2]).touch()
        time.sleep(600)
    print(os.getpid(), flush=True)
    time.sleep(600)
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "folder" / ".lock"


@pytest.fixture
def hold(lock: Path) -> Iterator[Callable[..., int]]:
    """Hold the lock in another process until the test ends it; return its number."""
    held = []

    def hold(*forks: Path) -> int:
        command = [sys.executable, "-c", HOLDS, str(lock), *map(str, forks)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
        held.append(process)
        assert process.stdout
        return int(process.stdout.readline())

    yield hold
    for process in held:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def test_it_says_who_holds_it_until_that_process_dies(lock: Path, hold: Callable[..., int]) -> None:
    assert not fence.is_held(lock)
    began = time.time()
    pid = hold()
    assert fence.is_held(lock)
    with pytest.raises(fence.Taken) as taken, fence.held(lock):
        pytest.fail("two processes hold it")
    holder = taken.value.holder
    assert holder is not None and (holder.pid, holder.host) == (pid, socket.gethostname()) and holder.is_here
    assert began - 1 <= holder.since <= time.time()
    assert str(taken.value).startswith(f"{lock.parent} is in use by process {pid} on {socket.gethostname()} since 20")
    kill(pid)
    assert not fence.is_held(lock) and fence.said_holder(lock) == holder
    with fence.held(lock):
        assert fence.said_holder(lock) != holder and fence.is_held(lock)
    assert not fence.is_held(lock)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_process_that_the_holder_forked_does_not_hold_it(lock: Path, hold: Callable[..., int]) -> None:
    pid = hold(lock.with_name("forked"))
    while not lock.with_name("forked").exists():
        time.sleep(0.01)
    assert fence.is_held(lock)
    kill(pid)
    assert not fence.is_held(lock)


def test_it_can_be_waited_for(lock: Path, hold: Callable[..., int]) -> None:
    pid, told = hold(), list[fence.Taken]()

    def tell(taken: fence.Taken) -> None:
        told.append(taken)
        threading.Thread(target=kill, args=(pid,)).start()

    with fence.held_when_free(lock, tell):
        assert fence.is_held(lock)
    assert [taken.holder.pid for taken in told if taken.holder] == [pid]
    with fence.held_when_free(lock, tell):
        assert len(told) == 1


def test_it_is_removed_if_that_is_wanted(lock: Path) -> None:
    with fence.held(lock, remove=True):
        assert lock.exists()
    assert not lock.exists() and lock.parent.exists()


def test_a_holder_that_says_nothing_is_another_process(lock: Path, hold: Callable[..., int]) -> None:
    hold()
    for content in ("", "[]", '{"pid": 1}', "\x00"):
        lock.write_text(content)
        with pytest.raises(fence.Taken, match="is in use by another process"), fence.held(lock):
            pytest.fail("two processes hold it")


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EIO, errno.ENOSYS])
def test_a_file_system_that_does_not_lock_is_one_line(lock: Path, number: int, no_flock: Callable[[int], str]) -> None:
    code = f"""
{no_flock(number)}
from pathlib import Path
from bench.contracts.errors import BenchError
from bench.records import fence
try:
    with fence.held(Path({str(lock)!r})):
        print("held")
except BenchError as error:
    print(error)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stdout == (
        f"the file system of {lock.parent} does not lock files ({os.strerror(number)}): use a folder on another one\n"
    ), ended.stderr


def test_an_error_of_another_kind_is_not_called_that(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError), fence.held(tmp_path / "file" / ".lock"):
        pytest.fail("a file is no folder")
    assert issubclass(fence.Taken, BenchError)
