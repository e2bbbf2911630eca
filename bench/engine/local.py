"""Run cells in processes of this machine, one process per cell.

Each process is forked from a server that has imported torch and this package, and no code of the user. On a system
without such a server (Windows), it is spawned. So no cell sees what another one left behind. The journal tells how far
a cell came; the sentinel of its process tells that the process ended.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache, partial
from multiprocessing import Pipe, get_all_start_methods, get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import ModuleType

from bench.engine import signals, worker
from bench.engine.backend import Tick
from bench.engine.job import Context
from bench.engine.workers import Workers
from bench.planning.cell import Cell

FORKS = "forkserver" in get_all_start_methods()
TRIES = 50
"""How often a process is started whose server is killed meanwhile."""
PRELOADED = "bench.engine.preloaded"
SERVER_ONLY = {
    "PYTHONSAFEPATH": "1",  # do not import from the current folder
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # a fork server has one thread; pyarrow would add one
    # A process keeps the memory that it frees. glibc would return it and ask for it again at each step of training.
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20),
}


class Local:
    """At most `jobs` processes at a time."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def prepare(self) -> None:
        """Start the server, which imports torch while this process goes on."""
        _start_server()

    def run(self, cells: Sequence[Cell], context: Context, tick: Tick) -> list[Cell]:
        """Do as `Backend.run` says. Kill processes that do not leave within the grace, and all at a second Ctrl-C."""
        waiting, again = deque(cells), list[Cell]()
        workers = Workers(context, partial(_start, context=context))
        try:
            while waiting or workers.at_work or workers.taken:
                workers.fill(waiting, self.jobs)
                again += workers.reap(0.5)
                workers.fill(waiting, self.jobs)  # first, for a tick may take a while
                workers.watch()
                tick()
        except BaseException:
            workers.stop()
            raise
        return again


def run_one(cell: Cell, context: Context, guard: Callable[[], AbstractContextManager[None]]) -> bool:
    """Run a cell in a process of its own; return whether that died and the cell is to run again.

    The process is started within `guard`. The limits of `context` end it early, and nothing else does.
    """

    def guarded(cell: Cell) -> tuple[BaseProcess, Connection]:
        with guard():
            return _start(cell, context)

    workers, waiting, again = Workers(context, guarded), deque([cell]), list[Cell]()
    try:
        while workers.at_work or ((waiting or workers.taken) and not context.stop.exists()):
            workers.fill(waiting, 1)  # not while another bench works on the cell
            again += workers.reap(0.5)
            workers.watch()
    finally:
        workers.kill()
    return bool(again)


def _start(cell: Cell, context: Context) -> tuple[BaseProcess, Connection]:
    """Start a process for the cell; return it, and where its outcome comes in.

    It ignores the ending signals from its first moment if they are held back.
    """
    return start(worker.work, cell, context, dict(os.environ), name=f"bench {cell.id}")


def start(target: Callable[..., None], *given: object, name: str) -> tuple[BaseProcess, Connection]:
    """Start a clean process that calls the target; return it, and the end of the pipe that it gets as last argument.

    If a plug-in kills the server meanwhile, there is another one, and the start is tried again.
    """
    tries = 0
    while True:
        _start_server()
        said, says = Pipe(duplex=False)
        try:
            with _without_main(), says:
                process = _process_class()(target=target, args=(*given, says), name=name, daemon=False)
                process.start()
            return process, said
        except (EOFError, ConnectionError):
            said.close()
            tries += 1
            if tries == TRIES:
                raise
            time.sleep(0.1)


def _process_class() -> type[BaseProcess]:
    return get_context("forkserver").Process if FORKS else get_context("spawn").Process


def _start_server() -> None:
    """Start the server that processes are forked from, unless it runs already. It imports `bench.engine.preloaded`.

    The server and the processes forked from it ignore Ctrl-C, SIGTERM and SIGHUP.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # workers set their cell's own count before they compute
    if not FORKS:
        return
    from multiprocessing import forkserver, resource_tracker

    with signals.held_back():  # else a closing terminal ends it
        resource_tracker.ensure_running()  # before the server: its start lets Ctrl-C and SIGTERM through again
    forkserver.set_forkserver_preload([PRELOADED])
    with signals.held_back(), _in_environment(**SERVER_ONLY):
        forkserver.ensure_running()
    _keep_awake()


@cache
def _keep_awake() -> None:
    """Let the server go on whenever something has stopped it, until this process ends.

    A plug-in can stop the server of its process by SIGSTOP. Then no process starts, and no end of one is seen.
    """
    from multiprocessing import forkserver

    def wake() -> None:
        while True:
            time.sleep(1)
            server = getattr(forkserver._forkserver, "_forkserver_pid", None)
            if server is not None:
                with suppress(OSError):
                    os.kill(server, signal.SIGCONT)

    threading.Thread(target=wake, daemon=True).start()


@contextmanager
def _in_environment(**values: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        worker.set_environment(before)


@contextmanager
def _without_main() -> Iterator[None]:
    """Keep multiprocessing from running the user's script again in each process.

    It does so to unpickle objects of the script. No cell holds such objects, and a script without
    `if __name__ == "__main__"` would begin another run.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
