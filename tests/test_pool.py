"""Worker processes: the same numbers for any count of them, and one that dies takes no other cell with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from bench import pool
from bench.cell import Cell
from bench.errors import BenchError
from bench.job import Context
from bench.journal import Journal, read_record, write_cell


def outcomes(cells: Sequence[Cell], context: Context) -> list[tuple[str, Any]]:
    records = [read_record(context.runs / cell.id) for cell in cells]
    return [(record.status, record.scores or record.last("failed").get("error")) for record in records]


def starts(cell: Cell, context: Context) -> int:
    return sum(event["event"] == "start" for event in read_record(context.runs / cell.id).events)


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


def test_a_death_ends_the_workers_beside_it_at_once(make_cell: Callable[..., Cell], context: Context) -> None:
    """They ignore SIGTERM, with which the executor would end them."""
    cells = [make_cell("Dies"), make_cell("Slow", Slow__epochs=10_000)]
    leave = threading.Timer(60, context.stop.touch)
    leave.start()
    lost = pool._run_together(cells, context, 2, lambda: None, None)
    leave.cancel()
    assert lost == cells
    assert "interrupted" not in [status for status, _ in outcomes(cells, context)]


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group_lets_workers_save(
    make_cell: Callable[..., Cell], context: Context, number: signal.Signals
) -> None:
    cell = make_cell("Slow", Slow__epochs=1_000)

    def end_the_group_once_training() -> None:
        if any(event["event"] == "epoch" for event in read_record(context.runs / cell.id).events):
            for worker in multiprocessing.active_children():
                os.kill(worker.pid or 0, number)
            raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        pool.run_all([cell], context, 1, end_the_group_once_training, None)
    assert signal.getsignal(signal.SIGTERM) == before
    assert [event["event"] for event in read_record(context.runs / cell.id).events].count("interrupted") == 1
    assert list((context.runs / cell.id / "checkpoint").iterdir())


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_lets_workers_save(make_cell: Callable[..., Cell], context: Context) -> None:
    cells = [make_cell("Slow", seed=seed, Slow__epochs=1_000) for seed in range(3)]

    def press_once_training() -> None:
        if any(event["event"] == "epoch" for event in read_record(context.runs / cells[0].id).events):
            signal.raise_signal(signal.SIGINT)

    assert threading.current_thread() is threading.main_thread()
    with pytest.raises(KeyboardInterrupt):
        pool.run_all(cells, context, 1, press_once_training, None)
    assert read_record(context.runs / cells[0].id).status == "interrupted"
    assert list((context.runs / cells[0].id / "checkpoint").iterdir()) and not context.stop.exists()
    assert [read_record(context.runs / cell.id).status for cell in cells[1:]] == ["pending"] * 2


def test_an_error_of_the_parent_stops_the_workers_too(make_cell: Callable[..., Cell], context: Context) -> None:
    cells = [make_cell("Slow", seed=seed, Slow__epochs=1_000) for seed in range(3)]

    def fail_once_training() -> None:
        if any(event["event"] == "epoch" for event in read_record(context.runs / cells[0].id).events):
            raise BenchError("the database is locked")

    with pytest.raises(BenchError, match="the database is locked"):
        pool.run_all(cells, context, 1, fail_once_training, None)
    assert [read_record(context.runs / cell.id).status for cell in cells] == ["interrupted", "pending", "pending"]
    assert list((context.runs / cells[0].id / "checkpoint").iterdir()) and not context.stop.exists()


@pytest.mark.usefixtures("interruptible")
def test_a_worker_that_does_not_leave_in_time_is_ended(
    make_cell: Callable[..., Cell], context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = make_cell("Stuck")
    monkeypatch.setattr(pool, "GRACE", 0.2)

    def press_once_started() -> None:
        if read_record(context.runs / cell.id).status == "running":
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        pool.run_all([cell], context, 1, press_once_started, None)
    assert read_record(context.runs / cell.id).status == "interrupted" and not context.stop.exists()


class Elsewhere(Executor):
    """A cluster whose workers are at an epoch, as dask shows it: its tasks are pending and can be cancelled."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.futures.append(Future())
        return self.futures[-1]


@pytest.mark.parametrize("left", [0, 1, 2])
def test_workers_that_are_not_ours_are_told_to_leave_until_all_have(
    make_cell: Callable[..., Cell], context: Context, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    cluster = Elsewhere()
    monkeypatch.setattr(pool, "_executor", lambda *_: nullcontext(cluster))
    monkeypatch.setattr(pool, "GRACE", 0.2)
    cells = [make_cell(seed=seed) for seed in range(2)]
    Journal(context.runs / cells[1].id).append("start")

    def leave_and_press() -> None:
        for future in cluster.futures[:left]:
            future.set_result("interrupted")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pool.run_all(cells, context, 2, leave_and_press, "host:1")
    assert context.stop.exists() == (left < 2) and not any(future.cancelled() for future in cluster.futures)
    assert read_record(context.runs / cells[1].id).status == "running"  # its own worker has the last word


def test_no_cells_no_workers(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    entered: list[object] = []
    monkeypatch.setattr(pool, "_executor", lambda *given: entered.append(given))
    pool.run_all([], context, 2, lambda: None, None)
    assert not entered


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
        pool.check_cluster("host:1")


def test_a_cluster_that_is_lost_is_told_and_its_workers_leave(
    make_cell: Callable[..., Cell], context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Elsewhere()
    monkeypatch.setattr(pool, "_executor", lambda *_: nullcontext(cluster))

    def lose() -> None:
        (future,) = cluster.futures
        if not future.cancelled():
            future.cancel()
            future.set_running_or_notify_cancel()

    with pytest.raises(BenchError, match="the cluster's scheduler is gone: start it anew, and run again"):
        pool.run_all([make_cell()], context, 1, lose, "host:1")
    assert context.stop.exists()


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_workers_start_is_heard(
    make_cell: Callable[..., Cell], context: Context, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    cluster = Elsewhere()
    monkeypatch.setattr(pool, "_executor", lambda *_: nullcontext(cluster))
    monkeypatch.setattr(pool, "GRACE", 0.2)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as session has it
    submit = cluster.submit
    cluster.submit = lambda *given: (signal.raise_signal(number), submit(*given))[1]  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        pool.run_all([make_cell(seed=seed) for seed in range(3)], context, 1, lambda: None, "host:1")
    assert len(cluster.futures) == 3 and context.stop.exists()
