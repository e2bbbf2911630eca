"""A worker is fenced: it ends with bench, and no other process starts its cell beside it."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.engine import job
from bench.engine.job import Context
from bench.planning.cell import Cell
from bench.records import fence
from bench.records.events import Failed, Start
from bench.records.journal import read_record

SHELF = Path(__file__).parent.parent / "shelf"
pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes of POSIX")

BENCH = """
import pickle, sys
from pathlib import Path
from bench.engine import pool

cells, context, jobs = pickle.loads(Path(sys.argv[1]).read_bytes())
pool.run_all(cells, context, jobs, lambda: None, None)
"""


@pytest.fixture
def trainers(tmp_path: Path) -> Callable[[str], str]:
    """Return class name -> reference of a hostile trainer."""
    for name in ("trainers.py", "hostile.py"):
        shutil.copy(SHELF / name, tmp_path)
    return lambda name: f"{tmp_path / 'hostile.py'}:{name}"


@pytest.fixture
def bench(context: Context, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a process that runs cells as `bench run` does; its output is a pipe."""

    def bench(*cells: Cell, jobs: int = 1) -> subprocess.Popen[str]:
        (tmp_path / "given").write_bytes(pickle.dumps((cells, context, jobs)))
        command = [sys.executable, "-c", BENCH, tmp_path / "given"]
        return subprocess.Popen(command, stdout=-1, stderr=subprocess.STDOUT, text=True)

    return bench


def wait_until(state: Callable[[], bool]) -> None:
    until = time.monotonic() + 300
    while not state():
        assert time.monotonic() < until, "the state never came"
        time.sleep(0.02)


def written(path: Path) -> bool:
    return path.exists() and path.read_text().endswith("\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_worker_in_c_code_ends_with_bench_and_so_does_its_child(
    make_cell: Callable[..., Cell], bench: Callable[..., subprocess.Popen[str]], context: Context, tmp_path: Path
) -> None:
    cell = make_cell("InC")
    with bench(cell) as process:
        wait_until(lambda: written(tmp_path / "child"))
        started = [*psutil.Process(process.pid).children(recursive=True)]
        assert int((tmp_path / "child").read_text()) in [child.pid for child in started]
        assert fence.is_held(context.runs / cell.id / fence.NAME)
        process.kill()
    assert psutil.wait_procs(started, timeout=60)[1] == []
    assert not fence.is_held(context.runs / cell.id / fence.NAME)


HOLDS = """
import sys, time
from pathlib import Path
from bench.records import fence
with fence.held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_no_cell_is_started_beside_a_process_that_works_on_it(make_cell: Callable[..., Cell], context: Context) -> None:
    cell = make_cell()
    folder = context.runs / cell.id
    with subprocess.Popen([sys.executable, "-c", HOLDS, folder / fence.NAME], stdout=subprocess.PIPE) as other:
        assert other.stdout and other.stdout.readline()
        assert job.run(cell, replace(context, grace=0.1)) == "failed"
        other.kill()
    record = read_record(folder)
    failed = record.last(Failed)
    assert failed is not None and f"{folder} is in use by process {other.pid} on " in failed.error
    assert not record.all(Start)
    assert job.run(cell, context) == "done"


def test_a_file_system_that_does_not_lock_fails_the_cell_in_one_line(
    make_cell: Callable[..., Cell], context: Context, tmp_path: Path, no_flock: Callable[[int], str]
) -> None:
    """On a cluster the parent may see the folder through another file system."""
    cell = make_cell()
    (tmp_path / "given").write_bytes(pickle.dumps((cell, context)))
    code = f"""
{no_flock(37)}
import pickle, sys
from pathlib import Path
from bench.engine import job
assert job.run(*pickle.loads(Path(sys.argv[1]).read_bytes())) == "failed"
"""
    subprocess.run([sys.executable, "-c", code, tmp_path / "given"], check=True)
    failed = read_record(context.runs / cell.id).last(Failed)
    assert failed is not None and "does not lock files (No locks available)" in failed.error
