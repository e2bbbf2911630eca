"""Runs cells on any concurrent.futures.Executor: processes of this machine, or a dask cluster."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context

from bench import job
from bench.cell import Cell
from bench.errors import BenchError
from bench.job import Context
from bench.journal import Journal, read_record

GRACE = 15.0  # seconds that workers get, after Ctrl-C, to reach the end of an epoch and save


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_all(cells: Sequence[Cell], context: Context, jobs: int, tick: Callable[[], None], cluster: str | None) -> None:
    """Do every cell, calling `tick` a few times a second. On Ctrl-C the workers save, then KeyboardInterrupt rises."""
    waiting = list(cells)
    losses: Counter[str] = Counter()
    while waiting:
        with _executor(jobs, cluster) as executor:
            futures = {executor.submit(job.run, cell, context): cell for cell in waiting}
            try:
                _watch(set(futures), tick)
            except KeyboardInterrupt:
                _stop(executor, futures, context)
                raise
        waiting = [cell for future, cell in futures.items() if _lost(future, cell, context, losses)]


def _stop(executor: Executor, futures: Iterable[Future[str]], context: Context) -> None:
    """Let the workers save and leave; end those that take too long, or all of them at a second Ctrl-C."""
    context.stop.touch()
    try:
        for future in futures:
            future.cancel()
        wait(futures, timeout=GRACE)
    finally:
        for process in list((getattr(executor, "_processes", None) or {}).values()):
            process.terminate()
        context.stop.unlink(missing_ok=True)


def _watch(futures: set[Future[str]], tick: Callable[[], None]) -> None:
    while futures:
        _, futures = wait(futures, timeout=0.5, return_when=FIRST_COMPLETED)
        tick()


def _lost(future: Future[str], cell: Cell, context: Context, losses: Counter[str]) -> bool:
    """Whether to do a cell again because a worker died, its own or one beside it; the second time, the cell fails."""
    error = future.exception()
    if error is None:
        return False
    if not isinstance(error, BrokenProcessPool):
        raise error
    folder = context.runs / cell.id
    losses[cell.id] += read_record(folder).status == "running"
    if losses[cell.id] < 2:
        return True
    Journal(folder).append("failed", error=f"{cell.label}: its worker died twice (killed, or out of memory)")
    return False


@contextmanager
def _executor(jobs: int, cluster: str | None) -> Iterator[Executor]:
    if cluster is not None:
        yield _dask(cluster)
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # workers set their cell's own count before they compute
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_ignore_interrupts) as executor:
        yield executor


def _dask(address: str) -> Executor:
    try:
        from distributed import Client
    except ImportError:
        raise BenchError("--cluster needs dask.distributed: pip install 'seqbench[cluster]'") from None
    try:
        executor: Executor = Client(address, timeout=10).get_executor()  # type: ignore[no-untyped-call]
    except OSError as error:
        raise BenchError(f"--cluster {address}: no scheduler answers ({error})") from None
    return executor


def _ignore_interrupts() -> None:
    """Ctrl-C reaches the whole process group; workers wait for the parent's stop file, and save first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
