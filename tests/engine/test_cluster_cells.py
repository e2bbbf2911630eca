"""On a cluster too a cell has a process of its own with limits, and a worker that is not fit is refused."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.contracts.errors import BenchError
from bench.engine import pool
from bench.engine.dask import Cluster
from bench.engine.job import Context
from bench.planning.cell import Cell
from bench.records.events import Failed, Interrupted
from bench.records.journal import Journal, read_record

distributed = pytest.importorskip("distributed", reason="dask.distributed absent: the extra `cluster` brings it")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="processes of POSIX")]
SHELF = Path(__file__).parent.parent / "shelf"


@pytest.fixture
def trainers(tmp_path: Path) -> Callable[[str], str]:
    """Return class name -> reference of a trainer, hostile or not."""
    for name in ("trainers.py", "hostile.py"):
        shutil.copy(SHELF / name, tmp_path)
    hostile = (SHELF / "hostile.py").read_text()
    return lambda name: f"{tmp_path / ('hostile.py' if f'class {name}(' in hostile else 'trainers.py')}:{name}"


@pytest.fixture
def address() -> Iterator[str]:
    """Start a worker process of two threads, on loopback; return the scheduler's address."""
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, dashboard_address=None, host="127.0.0.1", silence_logs=40
    ) as cluster:
        yield cluster.scheduler_address


def run(cells: list[Cell], context: Context, address: str) -> list[str]:
    """Run the cells and return their states."""
    pool.run_all(cells, context, 2, lambda: None, address)
    return [read_record(context.runs / cell.id).status for cell in cells]


def test_no_cell_sees_what_another_one_left_on_its_worker(
    address: str, make_cell: Callable[..., Cell], context: Context
) -> None:
    assert run([make_cell("Marks", seed=seed) for seed in range(4)], context, address) == ["done"] * 4


def test_limits_of_time_and_memory_end_a_cell_alone(
    address: str, make_cell: Callable[..., Cell], context: Context
) -> None:
    cells = [make_cell(name) for name in ("Loops", "Hogs", "Tiny")]
    limited = replace(context, time_limit=20.0, memory_limit=2**28 + 2**27)
    assert run(cells, limited, address) == ["timed out", "out of memory", "done"]
    errors = [read_record(context.runs / cell.id).last(Failed) for cell in cells[:2]]
    assert [error.error.rpartition(" ")[2] for error in errors if error] == ["--time-limit", "--memory-limit"]


def test_a_process_that_dies_ends_no_worker_and_its_cell_is_tried_again_alone(
    address: str, make_cell: Callable[..., Cell], context: Context
) -> None:
    dies, exits, _ = cells = [make_cell(name) for name in ("Dies", "Vanishes", "Tiny")]
    assert run(cells, context, address) == ["failed", "failed", "done"]
    for cell, cause in ((dies, "killed"), (exits, "exit code 0")):
        record = read_record(context.runs / cell.id)
        failed = record.last(Failed)
        assert failed and "its worker died twice" in failed.error and cause in failed.error
        assert len(record.all(Interrupted)) == 2


def test_a_cell_goes_on_elsewhere_when_its_worker_is_killed_and_its_process_ends_with_that(
    make_cell: Callable[..., Cell], context: Context, trainers: Callable[[str], str], tmp_path: Path
) -> None:
    cell, calm = make_cell("Waits"), make_cell("Waits", seed=1)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, host="127.0.0.1", silence_logs=50
    ) as cluster:
        killed = list[psutil.Process]()

        def kill_once() -> None:
            if not killed and Journal(context.runs / cell.id).read():
                (worker,) = (nanny.process.process.pid for nanny in cluster.workers.values())
                killed.extend(psutil.Process(worker).children(recursive=True))
                os.kill(worker, signal.SIGKILL)
                assert not psutil.wait_procs(killed, timeout=60)[1]
                (tmp_path / "go").touch()

        pool.run_all([cell], context, 1, kill_once, cluster.scheduler_address)
    assert killed and read_record(context.runs / cell.id).status == "done"
    assert run_here(calm, context) == "done"


def run_here(cell: Cell, context: Context) -> str:
    pool.run_all([cell], context, 1, lambda: None, None)
    return read_record(context.runs / cell.id).status


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/self/cwd is another folder in each process")
def test_a_worker_that_does_not_share_the_folder_is_named_with_it(
    make_cell: Callable[..., Cell], context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker process was started in another folder."""
    cell = make_cell()
    (tmp_path / "elsewhere").mkdir()
    scheduler = distributed.LocalCluster(n_workers=0, dashboard_address=None, host="127.0.0.1", silence_logs=50)
    with scheduler, worker_in(tmp_path / "elsewhere", scheduler.scheduler_address):
        monkeypatch.chdir(tmp_path)
        runs = Path("/proc/self/cwd/runs")
        told = rf"^the cluster's worker on .*\(tcp://127.0.0.1:\d+\) does not share the folder {re.escape(str(runs))} "
        with pytest.raises(BenchError, match=told):
            Cluster(scheduler.scheduler_address).run([cell], replace(context, runs=runs), lambda: None)
    assert not Journal(context.runs / cell.id).read()
    assert not list(context.runs.glob(".token*"))


@contextmanager
def worker_in(folder: Path, address: str) -> Iterator[None]:
    """Start a worker whose current folder is another one; wait until it has joined."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", "--no-nanny", "--nthreads", "1", "--no-dashboard"]
    with subprocess.Popen([*command, address], cwd=folder, stdout=-3, stderr=-3) as worker:
        try:
            with distributed.Client(address) as client:
                client.wait_for_workers(1, timeout=120)
            yield
        finally:
            worker.kill()
