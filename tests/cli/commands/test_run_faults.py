"""`bench run` as a process of its own, under real faults: output that fails, a terminal that closes, signals."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench.cli.main import bench
from bench.records import fence
from bench.records.events import Epoch
from bench.records.journal import Record, read_record

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="processes of POSIX")]

SHELF = Path(__file__).parent.parent.parent / "shelf"
PATIENT = """
from functools import partial
from bench.cli.main import main
from bench.engine import session
session.Context = partial(session.Context, grace=300.0)  # seconds that a slow machine gets to save
main()
"""


@pytest.fixture
def start(folder: Path, words: str, trainers: Any) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start `bench run` of a trainer in a session of its own; end it after the test."""
    started = []

    def start(name: str, *more: str, **given: Any) -> subprocess.Popen[bytes]:
        reference = name if ":" in name else trainers(name)
        arguments = ["run", "-b", reference, "-d", words, "--preset", "smoke", "--jobs", "1", *more]
        process = subprocess.Popen(
            [sys.executable, "-c", PATIENT, *arguments], cwd=folder, start_new_session=True, **given
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def wait_until(state: Callable[[], bool]) -> None:
    """Return when the state has come; fail after minutes."""
    until = time.monotonic() + 300
    while not state():
        assert time.monotonic() < until, "the state never came"
        time.sleep(0.05)


def record(folder: Path, label: str) -> Record | None:
    """Return the record of a baseline's only cell."""
    found = (read_record(path.parent) for path in (folder / "runs").glob("*/cell.json"))
    return next((each for each in found if each.cell.label == label), None)


def trains(folder: Path, label: str) -> bool:
    found = record(folder, label)
    return found is not None and len(found.all(Epoch)) > 1


def test_a_reader_that_leaves_and_a_narrow_encoding_stop_no_training(start: Any, folder: Path) -> None:
    process = start("Tiny", stdout=-1, stderr=-1, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    process.stdout.close()
    assert process.stderr.read() == b"" and process.wait(300) == 0
    found = record(folder, "Tiny")
    assert found is not None and found.status == "done" and (folder / "results" / "smoke" / "index.html").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_output_leaves_the_exit_code_to_the_cells(start: Any, folder: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        process = start("Raises", stdout=full, stderr=-1)
    told = process.stderr.read().decode()
    assert process.wait(300) == 1 and told.startswith("bench: cannot write standard output: No space left on device")
    found = record(folder, "Raises")
    assert found is not None and found.status == "failed" and (folder / "results" / "smoke" / "index.html").exists()


def on_terminal(terminal: int) -> Callable[[], None]:
    """Return what makes a terminal the controlling one of a new process."""
    import fcntl
    import termios

    return lambda: fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize(("nohup", "code"), [(False, 129), (True, 0)])
def test_a_terminal_that_closes_lets_the_cells_save_or_go_on(
    start: Any, folder: Path, trainers: Any, nohup: bool, code: int
) -> None:
    """Closing sends SIGHUP to the session; under nohup that is ignored, and only the output is gone."""
    master, slave = os.openpty()
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if nohup else signal.SIG_DFL)
    streams = {"stdin": slave, "stdout": slave, "stderr": slave}
    process = start("Halts", **streams, preexec_fn=on_terminal(slave))
    signal.signal(signal.SIGHUP, before)
    os.close(slave)
    wait_until(lambda: trains(folder, "Halts") or process.poll() is not None)
    assert process.poll() is None, os.read(master, 10_000)
    os.close(master)
    go = Path(trainers("Halts").rpartition(":")[0]).with_name("go")
    wait_until(lambda: nohup or bool(list((folder / "runs").glob(".stop*"))))
    go.touch()
    assert process.wait(300) == code
    found = record(folder, "Halts")
    assert found is not None and found.status == ("done" if nohup else "interrupted")
    assert nohup or list((found.folder / "checkpoint").iterdir())


def test_it_waits_for_another_bench_if_asked(start: Any, folder: Path) -> None:
    with fence.held(folder / "runs" / fence.NAME):
        refused = start("Tiny", stderr=-1)
        told = f"bench: another bench is at work in runs (process {os.getpid()} on {socket.gethostname()} since 20"
        assert refused.stderr.read().decode().startswith(told) and refused.wait(300) == 2
        process = start("Tiny", "--wait", stdout=-1)
        assert any(line.decode().startswith(told.removeprefix("bench: ")) for line in process.stdout)
    process.stdout.read()
    assert process.wait(300) == 0


def test_a_file_system_that_does_not_lock_is_one_line(
    folder: Path, words: str, trainers: Any, no_flock: Callable[[int], str]
) -> None:
    code = f"{no_flock(errno.EIO)}\nfrom bench.cli.main import main\nmain()"
    arguments = ["run", "-b", trainers("Tiny"), "-d", words, "--preset", "smoke"]
    ended = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert ended.returncode == 2 and not list(folder.glob("runs/*/journal.jsonl"))
    assert ended.stderr.startswith("bench: the file system of runs does not lock files (Input/output error): use")
    assert ended.stderr.count("\n") == 1


def test_a_cell_that_took_too_long_is_named_everywhere(start: Any, folder: Path, trainers: Any) -> None:
    tiny = Path(trainers("Tiny").rpartition(":")[0])
    hostile = shutil.copy(SHELF / "hostile.py", tiny.parent)
    process = start(f"{hostile}:Loops", "--time-limit", "1", "--memory-limit", "64", stdout=-1)
    told = process.stdout.read().decode()
    message = "no epoch ended in 1 s, which is --time-limit"
    assert process.wait(300) == 1 and f"timed out: Words Loops: {message}" in told
    assert "Timed out, Loops (seed 0): " in told
    (page,) = (folder / "results" / "smoke").glob("table-words-*.md")
    assert f"Timed out, Loops (seed 0): {message}" in page.read_text(encoding="utf-8")
    status = CliRunner().invoke(bench, ["status"]).output.splitlines()
    assert any(line.startswith("timed out") and message in line for line in status)
    assert status[-1].endswith("1 timed out")
