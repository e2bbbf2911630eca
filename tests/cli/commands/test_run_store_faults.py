"""`bench run` beside a tracking store that fails in real ways: training goes on, and the tables come."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bench.records.journal import read_record
from bench.records.tracker import Tracker

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="processes of POSIX")]

HASTY = """
from bench.cli.main import main
from bench.records import mirror, sqlite
mirror.LONGEST, sqlite.LOCKED_SECONDS = {longest}, 1.0
main()
"""
QUICK = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "1", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
FORMATS = ("*.md", "*.tex", "table-*.csv", "curves.csv")


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(folder: Path, words: str, trainers: Any) -> Callable[..., Ended]:
    """Call `bench run` of a trainer beside a store, as a process of its own; calls of the store get few seconds."""

    def run(store: str | Path, name: str = "Tiny", *, out: str = "results", longest: float = 300.0) -> Ended:
        uri = f"sqlite:///{store}" if isinstance(store, Path) else store
        arguments = ["run", "-b", trainers(name), "-d", words, "--preset", "smoke", "--jobs", "1"]
        code = HASTY.format(longest=longest)
        ended = subprocess.run(
            [sys.executable, "-c", code, *arguments, "--tracking-uri", uri, "--out", out],
            cwd=folder,
            env=os.environ | QUICK,
            capture_output=True,
            text=True,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run


def states(folder: Path) -> dict[str, str]:
    found = (read_record(path.parent) for path in folder.glob("runs/*/cell.json"))
    return {record.cell.label: record.status for record in found}


def tables(folder: Path, out: str = "results") -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for glob in FORMATS for path in sorted((folder / out / "smoke").glob(glob))}
    assert found
    return found


def sync(folder: Path) -> None:
    """Write the runs folder to the store of the current folder, and check that all is there."""
    told = subprocess.run([sys.executable, "-m", "bench", "sync"], cwd=folder, capture_output=True, text=True)
    assert told.returncode == 0 and "2 cells in MLflow" in told.stdout, told.stderr
    frame = Tracker(f"sqlite:///{folder / 'mlflow.db'}").frame("smoke")
    assert dict(zip(frame["label"], frame["status"], strict=True)) == {"real": "done", "Tiny": "done"}


def goes_on_without(ended: Ended, folder: Path, why: str) -> None:
    """Check that training and tables are done, that two lines say what is missing, and that a sync brings it."""
    assert ended.code == 0 and not ended.err, ended
    assert states(folder) == {"real": "done", "Tiny": "done"}
    lines = [line for line in ended.out.splitlines() if "MLflow" in line]
    assert len(lines) == 2 and all(why in line for line in lines), lines
    assert lines[0].endswith("training goes on without it")
    assert lines[1].endswith("; runs keeps everything: `bench sync` writes it later")
    assert "Tables: " in ended.out and (folder / "results" / "index.html").exists()
    sync(folder)


@contextlib.contextmanager
def server(answer: bytes) -> Iterator[str]:
    """Serve an address whose answers are these bytes, again and again until the caller leaves; or nothing at all."""

    def talk(caller: socket.socket) -> None:
        with caller, contextlib.suppress(OSError):
            while answer:
                caller.sendall(answer)
                time.sleep(0.05)
            while caller.recv(1000):
                pass

    def serve() -> None:
        with contextlib.suppress(OSError):  # the listener is closed
            while True:
                threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_server_that_is_not_there(run: Any, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        address = f"http://127.0.0.1:{gone.getsockname()[1]}"
    goes_on_without(run(address), folder, "Connection refused")


def test_a_server_that_says_nothing(run: Any, folder: Path) -> None:
    with server(b"") as address:
        goes_on_without(run(address), folder, "Read timed out")


def test_a_server_whose_answer_never_ends(run: Any, folder: Path) -> None:
    with server(b"HTTP/1.1 200 OK\r\nX: ") as address:  # each piece comes in time: no timeout of a socket sees it
        goes_on_without(run(address, longest=3.0), folder, "no answer in 3 s")


def test_a_server_that_is_another_program(run: Any, folder: Path) -> None:
    with server(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello") as address:
        goes_on_without(run(address), folder, f"MLflow at {address}: ")


def test_a_database_that_another_program_holds(run: Any, folder: Path) -> None:
    store = sqlite3.connect(folder / "mlflow.db", isolation_level=None)
    store.execute("BEGIN EXCLUSIVE")
    ended = run(folder / "mlflow.db")
    store.close()
    goes_on_without(ended, folder, "database is locked")


def test_a_database_that_is_held_for_a_while(folder: Path, words: str, trainers: Any) -> None:
    store = sqlite3.connect(folder / "mlflow.db", isolation_level=None)
    store.execute("BEGIN EXCLUSIVE")
    arguments = ["run", "-b", trainers("Halts"), "-d", words, "--preset", "smoke", "--jobs", "1"]
    code = HASTY.format(longest=300.0)
    with subprocess.Popen([sys.executable, "-c", code, *arguments], cwd=folder, stdout=-1, text=True) as process:
        assert process.stdout is not None
        assert any("database is locked; training goes on without it" in line for line in process.stdout)
        store.close()
        Path(trainers("Halts").rpartition(":")[0]).with_name("go").touch()
        rest = process.stdout.read()
    assert process.returncode == 0 and "keeps everything" not in rest and "MLflow: `" in rest
    frame = Tracker(f"sqlite:///{folder / 'mlflow.db'}").frame("smoke")
    assert set(frame["label"]) == {"real", "Halts"}


def spoilt(store: Path) -> None:
    """Fill all pages but the first with noise."""
    content = store.read_bytes()
    store.write_bytes(content[:4096] + bytes(range(256)) * ((len(content) - 4096) // 256))


def of_another_schema(store: Path) -> None:
    with contextlib.closing(sqlite3.connect(store)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = 'deadbeef'")


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (spoilt, "database disk image is malformed"),
        (of_another_schema, "found version deadbeef"),
        (lambda store: store.write_text("hello"), "mlflow.db is not an SQLite database"),
    ],
)
def test_a_damaged_database_and_one_of_another_version(
    run: Any, folder: Path, migrated_store: Path, damage: Callable[[Path], object], why: str
) -> None:
    damage(folder / "mlflow.db")
    ended = run(folder / "mlflow.db")
    shutil.copy(migrated_store, folder / "mlflow.db")  # the user repairs it
    assert ended.code == 0 and why in ended.out
    lines = [line for line in ended.out.splitlines() if why in line]
    assert len(lines) == 2 and states(folder) == {"real": "done", "Tiny": "done"}
    sync(folder)


def test_tables_are_the_same_from_the_journals_and_from_the_store(run: Any, folder: Path) -> None:
    assert run(folder / "mlflow.db").code == 0
    with server(b"") as address:
        assert run(address, out="again").code == 0
    assert tables(folder) == tables(folder, "again") and len(tables(folder)) > 5


def test_the_exit_code_tells_of_the_work_alone(run: Any, folder: Path) -> None:
    with server(b"") as address:
        ended = run(address, "Raises")
    assert ended.code == 1 and states(folder) == {"real": "done", "Raises": "failed"}
    assert "Failed, Raises (seed 0): " in ended.out


def test_a_server_that_dies_in_the_middle(folder: Path, words: str, trainers: Any) -> None:
    """The server is MLflow's own; a later one on the same store gets everything from `bench sync`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address, environment = f"http://127.0.0.1:{port}", os.environ | QUICK | {"MLFLOW_HTTP_REQUEST_TIMEOUT": "60"}
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"]

    def serve() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, cwd=folder, stdout=-3, stderr=-3, start_new_session=True)
        until = time.monotonic() + 300
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return process
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.2)

    def end(process: subprocess.Popen[bytes]) -> None:
        os.killpg(process.pid, 9)
        process.wait()

    mlflow = serve()
    arguments = ["run", "-b", trainers("Halts"), "-d", words, "--preset", "smoke", "--jobs", "1"]
    code = HASTY.format(longest=300.0)
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments, "--tracking-uri", address],
        cwd=folder,
        env=environment,
        stdout=-1,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert any("Words real seed 0: " in line for line in process.stdout)
        end(mlflow)
        Path(trainers("Halts").rpartition(":")[0]).with_name("go").touch()
        rest = process.stdout.read()
    assert process.returncode == 0 and "`bench sync` writes it later" in rest and "Tables: " in rest
    mlflow = serve()
    again = [sys.executable, "-m", "bench", "sync", "--tracking-uri", address]
    told = subprocess.run(again, cwd=folder, env=environment, capture_output=True, text=True)
    end(mlflow)
    assert told.returncode == 0 and "2 cells in MLflow" in told.stdout, told.stderr
    frame = Tracker(f"sqlite:///{folder / 'mlflow.db'}").frame("smoke")
    assert dict(zip(frame["label"], frame["status"], strict=True)) == {"real": "done", "Halts": "done"}
