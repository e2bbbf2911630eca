"""Run cells on a dask cluster. Its workers share the folders, but this process must not end them.

A worker gives each cell a process of its own, as this machine does: see bench/engine/local.py.
"""

from __future__ import annotations

import logging
import os
import platform
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bench.contracts.errors import BenchError, folded, named
from bench.engine import local, same_code, signals
from bench.engine.backend import Tick
from bench.engine.job import Context
from bench.planning.cell import Cell
from bench.records.events import Failed, Interrupted
from bench.records.journal import Journal

if TYPE_CHECKING:
    from distributed import Client
    from distributed import Worker as DaskWorker

UNSEEN = "killed, or out of memory"  # dask does not say how a worker ended
TOKEN = ".token"
PATIENCE = 60.0
"""Seconds in which the workers answer whether they are fit."""
_STARTING = threading.Lock()
"""Held while a process is started: a worker may have several threads."""


@dataclass(frozen=True)
class Promise:
    """What a worker must share with this process: code, and the runs folder, which holds a file with a secret."""

    code: Mapping[str, str]
    token: Path
    secret: str

    def check(self, address: str) -> None:
        """BenchError, which names this worker, if it has other code, or does not see the folder or cannot write it."""
        worker = f"the cluster's worker on {platform.node()} ({address})"
        same_code.refuse_other(self.code, worker)
        folder = self.token.parent
        try:
            found = self.token.read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            found = folded(error)
        if found != self.secret:
            raise BenchError(
                f"{worker} does not share the folder {folder} with this bench: mount the same folder at the same path "
                "there, or run a part on each machine and bring the parts together (--shard, bench sync)"
            )
        if not os.access(folder, os.W_OK):
            raise BenchError(f"{worker} cannot write into the folder {folder}: let its user do so")


class Cluster:
    """The workers of one scheduler."""

    def __init__(self, address: str) -> None:
        self.address = address

    def prepare(self) -> None:
        """Connect to the scheduler; BenchError if none answers."""
        with _client(self.address):
            pass

    def run(self, cells: Sequence[Cell], context: Context, tick: Tick) -> list[Cell]:
        """Do as `Backend.run` says. After Ctrl-C the stop file stays for workers that do not leave within the grace.

        BenchError, before any cell starts, if a worker has other code or does not share the runs folder; a worker that
        joins later is refused when it gets a cell.
        """
        with _client(self.address) as client, _promised(context.runs) as promise:
            _refuse_unfit(client, promise)
            executor: Executor = client.get_executor()
            futures: dict[Future[bool], Cell] = {}
            try:
                with signals.held_back():
                    for cell in cells:
                        futures[executor.submit(_run, cell, context, promise)] = cell
                return _watch(futures, context, tick)
            except BaseException:  # any: the workers save first
                _stop(futures, context)
                raise


@contextmanager
def _promised(runs: Path) -> Iterator[Promise]:
    """Yield what the workers must share. A file in the runs folder stands for it until the block ends."""
    token, secret = runs / f"{TOKEN}.{os.getpid()}.{time.time_ns()}", secrets.token_hex(16)
    runs.mkdir(parents=True, exist_ok=True)
    try:
        token.write_text(secret, encoding="ascii")
        yield Promise(same_code.own(), token, secret)
    finally:
        token.unlink(missing_ok=True)


def _refuse_unfit(client: Client, promise: Promise) -> None:
    """Raise the BenchError of a worker that does not keep the promise, if one of those that are there does not."""
    found: dict[str, str | Exception] = {}
    with suppress(TimeoutError):  # a worker does not answer; the others find out when they get a cell
        found = cast(Any, client).run(_refusal, promise, on_error="return", callback_timeout=PATIENCE)
    for worker, told in found.items():
        if isinstance(told, Exception):
            raise BenchError(f"the cluster's worker {worker}: {named(told)}; install the same bench there")
        if told:
            raise BenchError(told)


def _refusal(promise: Promise, dask_worker: DaskWorker) -> str:
    """Return, on a worker, why it is not fit; "" if it is. dask gives the worker to an argument of that name."""
    try:
        promise.check(dask_worker.address)
    except BenchError as error:
        return str(error)
    return ""


def _run(cell: Cell, context: Context, promise: Promise) -> bool:
    """Run the cell on a worker, in a process of its own; return whether the process died and the cell is to run again.

    BenchError if the worker does not keep the promise.
    """
    from distributed import get_worker

    worker = get_worker()
    promise.check(worker.address)
    limit = context.memory_limit or worker.memory_manager.memory_limit  # None if dask sets no limit either
    return local.run_one(cell, replace(context, memory_limit=limit), _free_to_start)


@contextmanager
def _free_to_start() -> Iterator[None]:
    """Let one thread at a time start a process. dask makes its workers daemons, which Python lets have no children."""
    from multiprocessing import process

    config = process.current_process()._config  # type: ignore[attr-defined]
    with _STARTING:
        daemon = config.pop("daemon", None)
        try:
            yield
        finally:
            if daemon is not None:
                config["daemon"] = daemon


def _watch(futures: Mapping[Future[bool], Cell], context: Context, tick: Tick) -> list[Cell]:
    """Wait until all cells have ended, and return those to run again: their process or worker died."""
    again, left = list[Cell](), set(futures)
    while left:
        ended, left = wait(left, timeout=0.5, return_when=FIRST_COMPLETED)
        again += [futures[future] for future in ended if _is_to_run_again(future, futures[future], context)]
        tick()
    return again


def _is_to_run_again(future: Future[bool], cell: Cell, context: Context) -> bool:
    """Return whether the cell's process or worker died; journal what its worker did not.

    BenchError if the worker was not fit, or the scheduler is gone.
    """
    error, journal = _error(future), Journal(context.runs / cell.id)
    if isinstance(error, BenchError):
        raise error
    if type(error).__name__ == "KilledWorker":
        with suppress(OSError):  # no room: the cell is unfinished all the same
            journal.append(Interrupted(error=UNSEEN))
        return True
    if error is not None:
        with suppress(OSError):
            journal.append(Failed(error=f"{cell.label}: its worker could not start it: {named(error)}"))
    return error is None and future.result()


def _stop(futures: Iterable[Future[bool]], context: Context) -> None:
    """Let the workers save and leave. No task is cancelled, since dask would call a task cancelled that still runs."""
    with suppress(OSError):  # no room: the workers cannot know
        context.stop.touch()
    wait(futures, timeout=context.grace)
    if all(future.done() and not future.cancelled() for future in futures):
        context.stop.unlink(missing_ok=True)


def _error(future: Future[bool]) -> BaseException | None:
    """Return the error of a task; BenchError if the scheduler is gone."""
    try:
        return future.exception()
    except CancelledError:
        raise BenchError("the cluster's scheduler is gone: start it again, then run again") from None


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
