"""Worker processes: any count gives the same numbers, and one that dies ends no other cell."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.contracts.errors import BenchError
from bench.engine import dask, local, pool
from bench.engine.job import Context
from bench.engine.local import Local
from bench.engine.workers import cause
from bench.planning.cell import Cell
from bench.records.events import Epoch, Failed, Interrupted, Start
from bench.records.journal import Journal, read_record, write_cell

pytestmark = pytest.mark.slow


def outcomes(cells: Sequence[Cell], context: Context) -> list[tuple[str, Any]]:
    records = [read_record(context.runs / cell.id) for cell in cells]
    return [(record.status, record.scores or getattr(record.last(Failed), "error", None)) for record in records]


def events(cell: Cell, context: Context) -> list[str]:
    return [event.NAME for event in read_record(context.runs / cell.id).events]


def starts(cell: Cell, context: Context) -> int:
    return events(cell, context).count("start")


def go(cell: Cell) -> None:
    """Let a cell of the trainer Waits train."""
    Path(cell.reference.rpartition(":")[0]).with_name("go").touch()


def wait_until(state: Callable[[], bool]) -> None:
    """Look again and again; give up after minutes, as the test has failed."""
    until = time.monotonic() + 300
    while not state():
        assert time.monotonic() < until, "the state never came"
        time.sleep(0.02)


def test_one_worker_and_two_give_the_same_and_a_death_is_no_others(
    make_cell: Callable[..., Cell], context: Context, tmp_path: Any
) -> None:
    good = [make_cell(seed=seed) for seed in range(2)]
    dies, raises = make_cell("Dies"), make_cell("Raises")
    ticks = []
    cells = [dies, good[0], raises, *good[1:]]
    pool.run_all(cells, context, 2, lambda: ticks.append(1), None)
    assert [status for status, _ in outcomes(good, context)] == ["done"] * 2 and ticks
    assert outcomes([dies], context) == [("failed", "Dies: its worker died twice (killed, or out of memory)")]
    assert starts(dies, context) == 2
    assert outcomes([raises], context) == [("failed", "Raises: RuntimeError: the critic has left")]

    alone = replace(context, runs=tmp_path / "alone")
    for cell in good:
        write_cell(cell, alone.runs)
    pool.run_all(list(reversed(good)), alone, 1, lambda: None, None)
    assert outcomes(good, alone) == outcomes(good, context)


def test_a_death_is_seen_at_once_while_another_cell_runs(make_cell: Callable[..., Cell], context: Context) -> None:
    """The other cell cannot end before the death is in the journal: its file is made only then."""
    dies, waits = make_cell("Dies"), make_cell("Waits")

    def go_once_it_is_seen() -> None:
        if "interrupted" in events(dies, context):
            go(waits)

    assert Local(2).run([waits, dies], context, go_once_it_is_seen) == [dies]
    death = read_record(context.runs / dies.id).last(Interrupted)
    assert death is not None and death.error == "killed, or out of memory"
    assert [status for status, _ in outcomes([waits, dies], context)] == ["done", "interrupted"]


def test_a_process_that_ends_before_its_job_is_a_death(make_cell: Callable[..., Cell], context: Context) -> None:
    cell = make_cell("Vanishes")
    pool.run_all([cell], context, 1, lambda: None, None)
    assert outcomes([cell], context) == [("failed", "Vanishes: its worker died twice (ended with exit code 0)")]


@pytest.mark.parametrize(
    ("code", "words"),
    [(-9, "killed, or out of memory"), (-11, "ended by SIGSEGV"), (1, "ended with exit code 1")],
)
def test_a_death_is_told_by_its_cause(code: int, words: str) -> None:
    assert cause(code) == words


def test_a_thread_that_does_not_end_holds_no_place(make_cell: Callable[..., Cell], context: Context) -> None:
    cell = make_cell("Lingers")
    assert Local(1).run([cell], replace(context, grace=0.1), lambda: None) == []
    assert [status for status, _ in outcomes([cell], context)] == ["done"]


def test_no_cell_sees_what_another_left_behind(make_cell: Callable[..., Cell], context: Context) -> None:
    cells = [make_cell("Marks", seed=seed) for seed in range(2)]
    pool.run_all(cells, context, 1, lambda: None, None)
    assert [status for status, _ in outcomes(cells, context)] == ["done"] * 2


def test_a_process_has_the_environment_and_the_folder_of_now(
    make_cell: Callable[..., Cell], context: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The server may have been started long ago."""
    Local(1).prepare()
    monkeypatch.setenv("MARK", "set")
    cell = make_cell("Marks")
    pool.run_all([cell], context, 1, lambda: None, None)
    assert outcomes([cell], context) == [("failed", "Marks: AssertionError")]
    monkeypatch.delenv("MARK")
    monkeypatch.chdir(tmp_path)
    relative = replace(context, runs=Path("runs"), stop=Path("stop"))
    pool.run_all([cell], relative, 1, lambda: None, None)
    assert [status for status, _ in outcomes([cell], context)] == ["done"]


@pytest.mark.skipif(os.name != "posix", reason="Windows counts open files otherwise")
def test_many_cells_leave_no_file_open_and_no_process(make_cell: Callable[..., Cell], context: Context) -> None:
    cells = [make_cell(seed=seed, Tiny__epochs=0) for seed in range(5)]
    Local(1).run(cells[:1], context, lambda: None)
    before = psutil.Process().num_fds()
    Local(2).run(cells, context, lambda: None)
    assert psutil.Process().num_fds() == before and not multiprocessing.active_children()


@pytest.mark.skipif(not local.FORKS, reason="there is no server")
def test_a_process_whose_server_died_is_ended_before_its_cell_is_tried_again(
    make_cell: Callable[..., Cell], context: Context
) -> None:
    cell, pids = make_cell("Waits"), set[int]()

    def end_the_server() -> None:
        for worker in multiprocessing.active_children() if "start" in events(cell, context) and not pids else ():
            pids.add(worker.pid or 0)
            psutil.Process(psutil.Process(worker.pid).ppid()).kill()

    assert Local(1).run([cell], context, end_the_server) == [cell]
    (pid,) = pids
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    go(cell)
    assert Local(1).run([cell], context, lambda: None) == [] and starts(cell, context) == 2


SCRIPT = """
import pickle, sys
from pathlib import Path

print("the body of the script", flush=True)
from bench.engine import pool

cell, context = pickle.loads(Path(sys.argv[1]).read_bytes())
pool.run_all([cell], context, 1, lambda: None, None)
"""


def test_the_users_script_is_not_run_again_and_its_workers_end_with_it(
    make_cell: Callable[..., Cell], context: Context, tmp_path: Path
) -> None:
    """The script has no `if __name__ == "__main__"`; a file in its folder has the name of a library."""
    cell = make_cell("Waits")
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "given").write_bytes(pickle.dumps((cell, context)))
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "pandas.py").write_text("raise SystemExit('the server found a file of the user')")
    command = [sys.executable, tmp_path / "script.py", tmp_path / "given"]
    with subprocess.Popen(command, cwd=tmp_path / "here", stdout=subprocess.PIPE, text=True) as script:
        wait_until(lambda: "start" in events(cell, context) or script.poll() is not None)
        started = psutil.Process(script.pid).children(recursive=True)
        script.kill()
        assert script.stdout and script.stdout.read() == "the body of the script\n"
    assert len(started) >= 2 and not psutil.wait_procs(started, timeout=300)[1]
    assert read_record(context.runs / cell.id).status == "running"


def test_what_the_server_imports_is_no_plug_in_and_starts_no_thread() -> None:
    code = """
import os, sys, bench.engine.preloaded
print(len(os.listdir("/proc/self/task")) if os.path.exists("/proc/self/task") else 1)
print(*(name for name in sys.modules if name.startswith(("bench.baselines", "bench.datasets", "mlflow"))))
"""
    environment = os.environ | local.SERVER_ONLY | {"OMP_NUM_THREADS": "1"}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout == "1\n\n"


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group_lets_workers_save(
    make_cell: Callable[..., Cell], context: Context, number: signal.Signals
) -> None:
    cell = make_cell("Halts")

    def end_the_group_once_training() -> None:
        if read_record(context.runs / cell.id).last(Epoch):
            for process in psutil.Process().children(recursive=True):  # the server too
                process.send_signal(number)
            raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        pool.run_all([cell], context, 1, end_the_group_once_training, None)
    assert signal.getsignal(signal.SIGTERM) == before
    assert [event.NAME for event in read_record(context.runs / cell.id).events].count("interrupted") == 1
    assert list((context.runs / cell.id / "checkpoint").iterdir())


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_lets_workers_save(make_cell: Callable[..., Cell], context: Context) -> None:
    cells = [make_cell("Halts", seed=seed) for seed in range(3)]

    def press_once_training() -> None:
        if read_record(context.runs / cells[0].id).last(Epoch):
            signal.raise_signal(signal.SIGINT)

    assert threading.current_thread() is threading.main_thread()
    with pytest.raises(KeyboardInterrupt):
        pool.run_all(cells, context, 1, press_once_training, None)
    assert read_record(context.runs / cells[0].id).status == "interrupted"
    assert list((context.runs / cells[0].id / "checkpoint").iterdir()) and not context.stop.exists()
    assert [read_record(context.runs / cell.id).status for cell in cells[1:]] == ["pending"] * 2


def test_an_error_of_the_parent_stops_the_workers_too(make_cell: Callable[..., Cell], context: Context) -> None:
    cells = [make_cell("Halts", seed=seed) for seed in range(3)]

    def fail_once_training() -> None:
        if read_record(context.runs / cells[0].id).last(Epoch):
            raise BenchError("the database is locked")

    with pytest.raises(BenchError, match="the database is locked"):
        pool.run_all(cells, context, 1, fail_once_training, None)
    assert [read_record(context.runs / cell.id).status for cell in cells] == ["interrupted", "pending", "pending"]
    assert list((context.runs / cells[0].id / "checkpoint").iterdir()) and not context.stop.exists()


@pytest.mark.usefixtures("interruptible")
def test_a_worker_that_does_not_leave_in_time_is_ended(make_cell: Callable[..., Cell], context: Context) -> None:
    cell, context = make_cell("Stuck"), replace(context, grace=0.2)

    def press_once_started() -> None:
        if read_record(context.runs / cell.id).status == "running":
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        pool.run_all([cell], context, 1, press_once_started, None)
    assert read_record(context.runs / cell.id).status == "interrupted" and not context.stop.exists()


class Elsewhere(Executor):
    """A cluster with workers at an epoch, and its client. As with dask, its tasks are pending and can be cancelled."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def get_executor(self) -> Executor:
        return self

    def run(self, *_: Any, **more: Any) -> dict[str, str]:
        """Return what each worker says of its fitness: none is there yet."""
        return {}

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.futures.append(Future())
        return self.futures[-1]


@pytest.mark.parametrize("left", [0, 1, 2])
def test_workers_that_are_not_ours_are_told_to_leave_until_all_have(
    make_cell: Callable[..., Cell], context: Context, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    cluster = Elsewhere()
    monkeypatch.setattr(dask, "_client", lambda *_: nullcontext(cluster))
    context = replace(context, grace=0.2)
    cells = [make_cell(seed=seed) for seed in range(2)]
    Journal(context.runs / cells[1].id).append(Start(source={}, notes=()))

    def leave_and_press() -> None:
        for future in cluster.futures[:left]:
            future.set_result(False)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pool.run_all(cells, context, 2, leave_and_press, "host:1")
    assert context.stop.exists() == (left < 2) and not any(future.cancelled() for future in cluster.futures)
    assert read_record(context.runs / cells[1].id).status == "running"  # its own worker writes last


def test_no_cells_no_workers(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "choose", lambda *_: pytest.fail("a backend without a cell"))
    pool.run_all([], context, 2, lambda: None, None)


def test_cores_are_those_this_process_may_use() -> None:
    assert 1 <= pool.cores() <= (os.cpu_count() or 1)


def test_a_cluster_that_does_not_answer(
    make_cell: Callable[..., Cell], context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")

    def refuse(address: str, timeout: int) -> None:
        raise OSError(f"Timed out trying to connect to {address}")

    monkeypatch.setattr(distributed, "Client", refuse)
    with pytest.raises(BenchError, match=r"--cluster host:1: no scheduler answers \(Timed out"):
        pool.run_all([make_cell()], context, 1, lambda: None, "host:1")
    with pytest.raises(BenchError, match="--cluster host:1: no scheduler answers"):
        pool.choose(1, "host:1").prepare()


def test_a_cluster_that_is_lost_is_told_and_its_workers_leave(
    make_cell: Callable[..., Cell], context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Elsewhere()
    monkeypatch.setattr(dask, "_client", lambda *_: nullcontext(cluster))
    context = replace(context, grace=0.2)

    def lose() -> None:
        (future,) = cluster.futures
        if not future.cancelled():
            future.cancel()
            future.set_running_or_notify_cancel()

    with pytest.raises(BenchError, match="the cluster's scheduler is gone: start it again, then run again"):
        pool.run_all([make_cell()], context, 1, lose, "host:1")
    assert context.stop.exists()


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_workers_start_is_heard(
    make_cell: Callable[..., Cell], context: Context, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    cluster = Elsewhere()
    monkeypatch.setattr(dask, "_client", lambda *_: nullcontext(cluster))
    context = replace(context, grace=0.2)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as in session
    submit = cluster.submit
    cluster.submit = lambda *given: (signal.raise_signal(number), submit(*given))[1]  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        pool.run_all([make_cell(seed=seed) for seed in range(3)], context, 1, lambda: None, "host:1")
    assert len(cluster.futures) == 3 and context.stop.exists()
