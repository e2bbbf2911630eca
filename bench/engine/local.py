"""Run cells in processes of this machine, one process per cell.

Each process is forked from a server that has imported torch and this package, and no code of the user. On a system
without such a server (Windows), it is spawned. So no cell sees what another one left behind. The journal tells how far
a cell came; the sentinel of its process tells that the process ended.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import connection, get_all_start_methods, get_context
from multiprocessing.process import BaseProcess
from types import ModuleType

from bench.contracts.errors import BenchError
from bench.engine import signals, worker
from bench.engine.backend import Tick
from bench.engine.job import Context
from bench.planning.cell import Cell
from bench.records.events import Interrupted
from bench.records.journal import Journal, read_record

FORKS = "forkserver" in get_all_start_methods()
PRELOADED = "bench.engine.preloaded"
SERVER_ONLY = {
    "PYTHONSAFEPATH": "1",  # do not import from the current folder
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # a fork server has one thread; pyarrow would add one
    # A process keeps the memory that it frees. glibc would return it and ask for it again at each step of training.
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20),
}
ORPHANED = 255  # multiprocessing's exit code for a process whose server died first


class Local:
    """At most `jobs` processes at a time."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def prepare(self) -> None:
        """Start the server, which imports torch while this process goes on."""
        _start_server()

    def run(self, cells: Sequence[Cell], context: Context, tick: Tick) -> list[Cell]:
        """Do as `Backend.run` says. Kill processes that do not leave within the grace, and all at a second Ctrl-C."""
        waiting, died, workers = deque(cells), list[Cell](), _Workers(context)
        try:
            while waiting or workers.at_work:
                workers.fill(waiting, self.jobs)
                died += workers.reap(0.5)
                workers.fill(waiting, self.jobs)  # first, for a tick may take a while
                tick()
        except BaseException:
            workers.stop()
            raise
        return died


class _Workers:
    """The processes at work, with their cells, by sentinel."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.at_work: dict[int, tuple[BaseProcess, Cell]] = {}

    def fill(self, waiting: deque[Cell], most: int) -> None:
        """Start processes for waiting cells until `most` are at work."""
        while waiting and len(self.at_work) < most:
            self.start(waiting.popleft())

    def start(self, cell: Cell) -> None:
        """Start a process for the cell. It ignores the ending signals from its first moment."""
        _start_server()
        with signals.held_back(), _without_main():
            given = cell, self.context, dict(os.environ)
            process = _process_class()(target=worker.work, args=given, name=f"bench {cell.id}", daemon=False)
            process.start()
            self.at_work[process.sentinel] = process, cell

    def reap(self, seconds: float) -> list[Cell]:
        """Wait at most `seconds` for a process to end; journal each death and return the cells of the dead."""
        ended = set(connection.wait(self.at_work, seconds))
        with signals.held_back():
            cells = [self._died(sentinel) for sentinel in list(self.at_work) if sentinel in ended]
        return [cell for cell in cells if cell is not None]

    def stop(self) -> None:
        """Let the processes save and leave, then kill those that remain."""
        until = time.monotonic() + self.context.grace
        try:
            self.context.stop.touch()
            while self.at_work and (left := until - time.monotonic()) > 0:
                self.reap(left)
        finally:
            with signals.held_back():
                self._kill()
                self.context.stop.unlink(missing_ok=True)

    def _died(self, sentinel: int) -> Cell | None:
        """Close a process that ended; return its cell if the job did not return."""
        process, cell = self.at_work[sentinel]
        process.join()
        code = process.exitcode or 0
        if code == ORPHANED:
            _end_orphan(process.pid)
        del self.at_work[sentinel]
        process.close()
        if code != worker.ENDED:
            with suppress(OSError):  # a full disk: the cell is unfinished all the same
                Journal(self.context.runs / cell.id).append(Interrupted(error=_cause(code)))
        return None if code == worker.ENDED else cell

    def _kill(self) -> None:
        """Kill the remaining processes. They ignore gentler signals."""
        for process, _ in self.at_work.values():
            process.kill()
        for process, cell in self.at_work.values():
            process.join()
            process.close()
            with suppress(OSError, BenchError):
                if read_record(self.context.runs / cell.id).status == "running":
                    Journal(self.context.runs / cell.id).append(Interrupted())
        self.at_work.clear()


def _cause(code: int) -> str:
    """Return how a process died, in words, from its exit code."""
    if code in (-9, ORPHANED):
        return "killed, or out of memory"
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def _end_orphan(pid: int | None) -> None:
    """Kill a process whose server died: it still runs, and its cell will be tried again."""
    import psutil

    try:
        orphan = psutil.Process(pid)
        orphan.kill()
        orphan.wait(timeout=5)
    except psutil.Error:  # it has gone, or nobody reaps it
        pass


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
