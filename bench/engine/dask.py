"""Run cells on a dask cluster. Its workers share the folders, but this process must not end them."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.contracts.errors import BenchError, folded
from bench.engine import job, same_code, signals
from bench.engine.backend import Tick
from bench.engine.job import Context
from bench.planning.cell import Cell
from bench.records.events import Interrupted
from bench.records.journal import Journal

if TYPE_CHECKING:
    from distributed import Client

LOOK = 0.5  # seconds between two looks at a cell that another bench works on
UNSEEN = "killed, or out of memory"  # dask does not say how a worker ended


class Cluster:
    """The workers of one scheduler. Each runs its cells in its own process, one after another."""

    def __init__(self, address: str) -> None:
        self.address = address

    def prepare(self) -> None:
        """Connect to the scheduler; BenchError if none answers."""
        with _client(self.address):
            pass

    def run(self, cells: Sequence[Cell], context: Context, tick: Tick) -> list[Cell]:
        """Do as `Backend.run` says. After Ctrl-C the stop file stays for workers that do not leave within the grace."""
        with _executor(self.address) as executor:
            futures: dict[Future[str], Cell] = {}
            try:
                with signals.held_back():
                    for cell in cells:
                        futures[executor.submit(_run, cell, context, same_code.own())] = cell
                return _watch(futures, context, tick)
            except BaseException:  # any: leaving the executor would first wait for every cell
                _stop(futures, context)
                raise


def _run(cell: Cell, context: Context, code: Mapping[str, str]) -> str:
    """Run the cell on a worker, as `job.run` does; BenchError if the worker has other code than the parent.

    If another bench is at work on the cell, wait for it.
    """
    same_code.refuse_other(code, f"the cluster's worker on {platform.node()}")
    while (outcome := job.run(cell, context)) == job.TAKEN:
        time.sleep(LOOK)
    return outcome


@contextmanager
def _executor(address: str) -> Iterator[Executor]:
    with _client(address) as client:
        yield client.get_executor()


def _watch(futures: Mapping[Future[str], Cell], context: Context, tick: Tick) -> list[Cell]:
    """Wait until all cells have ended, and return those whose workers died."""
    died, left = list[Cell](), set(futures)
    while left:
        ended, left = wait(left, timeout=0.5, return_when=FIRST_COMPLETED)
        for future in ended:
            if _died(future):
                died.append(futures[future])
                Journal(context.runs / futures[future].id).append(Interrupted(error=UNSEEN))
        tick()
    return died


def _stop(futures: Iterable[Future[str]], context: Context) -> None:
    """Let the workers save and leave. No task is cancelled, since dask would call a task cancelled that still runs."""
    context.stop.touch()
    wait(futures, timeout=context.grace)
    if all(future.done() and not future.cancelled() for future in futures):
        context.stop.unlink(missing_ok=True)


def _died(future: Future[str]) -> bool:
    """Return whether dask gave the cell up because its workers died. BenchError if the scheduler is gone."""
    try:
        error = future.exception()
    except CancelledError:
        raise BenchError("the cluster's scheduler is gone: start it again, then run again") from None
    died = type(error).__name__ == "KilledWorker"
    if error is not None and not died:
        raise error
    return died


def _client(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise BenchError("--cluster needs dask.distributed: pip install 'seqbench[cluster]'") from None
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # this module reports a lost scheduler
    try:
        return Client(address, timeout=10)  # type: ignore[no-untyped-call]
    except OSError as error:
        raise BenchError(f"--cluster {address}: no scheduler answers ({folded(error)})") from None
    except ValueError as error:
        raise BenchError(
            f"--cluster {address}: no address ({folded(error)}); give HOST:PORT, as the scheduler prints it"
        ) from None
