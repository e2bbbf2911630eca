"""Runs cells on any concurrent.futures.Executor: processes of this machine, or a dask cluster."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import TYPE_CHECKING

from bench import job
from bench.cell import Cell
from bench.errors import BenchError
from bench.job import Context
from bench.journal import Journal, read_record

if TYPE_CHECKING:
    from distributed import Client

GRACE = 15.0  # seconds that workers get, after Ctrl-C, to reach the end of an epoch and save


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_all(cells: Sequence[Cell], context: Context, jobs: int, tick: Callable[[], None], cluster: str | None) -> None:
    """Do every cell, calling `tick` a few times a second. On Ctrl-C, or an error of `tick`, the workers save first.

    A worker that dies takes its executor with it. The cells it may have died of are tried once more, each alone, so
    that none fails for what another does.
    """
    waiting, suspects = list(cells), list[Cell]()
    while waiting:
        lost = _run_together(waiting, context, jobs, tick, cluster)
        running = [cell for cell in lost if read_record(context.runs / cell.id).status == "running"]
        suspects += running or lost
        waiting = [cell for cell in lost if cell not in suspects]
    for cell in suspects:
        if _run_together([cell], context, 1, tick, cluster):
            journal = Journal(context.runs / cell.id)
            journal.append("failed", error=f"{cell.label}: its worker died twice (killed, or out of memory)")
            tick()


def _run_together(
    cells: Sequence[Cell], context: Context, jobs: int, tick: Callable[[], None], cluster: str | None
) -> list[Cell]:
    """Do the cells on one executor; returns those that it was not able to end because a worker died."""
    with _executor(jobs, cluster) as executor:
        futures: dict[Future[str], Cell] = {}
        try:
            with _blocking_signals():
                for cell in cells:
                    futures[executor.submit(job.run, cell, context)] = cell
            _watch(set(futures), tick)
            lost = [cell for future, cell in futures.items() if _lost(future)]
        except BaseException:  # whatever it is, leaving the executor would first wait for every cell
            _stop(executor, futures, context)
            raise
        if lost:
            _kill(executor)  # which sends the others SIGTERM and waits for them
    return lost


def _stop(executor: Executor, futures: Mapping[Future[str], Cell], context: Context) -> None:
    """Let the workers save and leave; end those born here that take too long, or all of them at a second Ctrl-C.

    A cluster's workers are not ours to end: the stop file stays for those that have not left within the grace.
    """
    context.stop.touch()
    ours = isinstance(executor, ProcessPoolExecutor)
    try:
        for future in futures if ours else ():  # dask would call a task cancelled that is still at work
            future.cancel()
        wait(futures, timeout=GRACE)
    finally:
        _kill(executor)
        if ours or all(future.done() and not future.cancelled() for future in futures):
            context.stop.unlink(missing_ok=True)
        for cell in futures.values() if ours else ():
            if read_record(context.runs / cell.id).status == "running":
                Journal(context.runs / cell.id).append("interrupted")


def _kill(executor: Executor) -> None:
    """End the processes that were born here: they ignore SIGTERM."""
    processes = list((getattr(executor, "_processes", None) or {}).values())
    for process in processes:
        process.kill()
    for process in processes:
        process.join()


def _watch(futures: set[Future[str]], tick: Callable[[], None]) -> None:
    while futures:
        _, futures = wait(futures, timeout=0.5, return_when=FIRST_COMPLETED)
        tick()


def _lost(future: Future[str]) -> bool:
    """Whether a worker died, this cell's own or one beside it. BenchError where the whole cluster did."""
    try:
        error = future.exception()
    except CancelledError:
        raise BenchError("the cluster's scheduler is gone: start it anew, and run again") from None
    died = isinstance(error, BrokenProcessPool) or type(error).__name__ == "KilledWorker"  # dask's name for it
    if error is not None and not died:
        raise error
    return died


@contextmanager
def _executor(jobs: int, cluster: str | None) -> Iterator[Executor]:
    if cluster is not None:
        with _dask(cluster) as client:
            yield client.get_executor()
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # workers set their cell's own count before they compute
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_leave_with_parent) as executor:
        yield executor


def check_cluster(address: str) -> None:
    """BenchError where no scheduler answers there."""
    with _dask(address):
        pass


def _dask(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise BenchError("--cluster needs dask.distributed: pip install 'seqbench[cluster]'") from None
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # a lost scheduler is told here
    try:
        return Client(address, timeout=10)  # type: ignore[no-untyped-call]
    except OSError as error:
        raise BenchError(f"--cluster {address}: no scheduler answers ({error})") from None
    except ValueError as error:
        raise BenchError(
            f"--cluster {address}: no address ({error}); give HOST:PORT, as the scheduler says it"
        ) from None


def _leave_with_parent() -> None:
    """A worker whose parent was killed ends at once: the next run may take up its cell, from the last checkpoint."""
    parent = parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


@contextmanager
def _blocking_signals() -> Iterator[None]:
    """Ctrl-C, and a batch system's SIGTERM, reach the whole process group. Workers born here are deaf to them from
    their first moment, and wait for the parent's stop file, so that they save first; the parent hears them at the end.
    The executor has started multiprocessing's tracker by then, which would let them through again.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
