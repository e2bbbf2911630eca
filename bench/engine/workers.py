"""The worker processes of this machine: start them, watch their time and memory, take leave of them."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from bench.contracts.errors import BenchError
from bench.engine import memory, signals
from bench.engine.job import TAKEN, Context, unrecorded
from bench.planning.cell import Cell
from bench.records import fence
from bench.records.events import Event, Interrupted, OutOfMemory, TimedOut
from bench.records.journal import Journal, record_of

ORPHANED = 255  # multiprocessing's exit code for a process whose server died first
BETWEEN = 1.0
"""Least seconds between two looks at the memory."""
Start = Callable[[Cell], tuple[BaseProcess, Connection]]


@dataclass
class Worker:
    """A process at work on a cell.

    The process sends the outcome of its job through `said`. `news` is when it last wrote into its journal, or sent the
    outcome. `beside` says whether other workers ran at the same time, `verdict` why this process was ended.
    """

    process: BaseProcess
    cell: Cell
    said: Connection
    journal: Path
    beside: bool
    size: int = -1
    news: float = field(default_factory=time.monotonic)
    outcome: str | None = None
    verdict: Event | None = None

    def listen(self) -> None:
        """Take in what the process sent and wrote."""
        if self.outcome is None and self.said.poll():
            with suppress(EOFError, OSError):
                self.outcome, self.news = self.said.recv_bytes(100).decode(), time.monotonic()
        size = 0
        with suppress(OSError):  # its folder may be gone
            size = self.journal.stat().st_size
        if size != self.size:
            self.size, self.news = size, time.monotonic()

    def kill(self, verdict: Event | None = None) -> None:
        """Kill the process and its group; `verdict` says why, if that decides the cell's state."""
        self.verdict = verdict
        self.process.kill()
        end_group(self.process.pid)

    @property
    def silence(self) -> float:
        """Return the seconds since the last news."""
        return time.monotonic() - self.news


class Workers:
    """The workers of this machine, by the sentinels of their processes.

    `taken` are cells that another bench took just before their process began. They wait again.
    """

    def __init__(self, context: Context, start: Start) -> None:
        self.context, self._start = context, start
        self.limit = context.memory_limit or memory.machine_limit()
        self.at_work: dict[int, Worker] = {}
        self.taken: list[Cell] = []
        self.looked = time.monotonic()
        self.kills = memory.kills()

    def fill(self, waiting: deque[Cell], most: int) -> None:
        """Start processes for waiting cells until `most` are at work; not for cells that another bench works on."""
        waiting.extend(self.taken)
        self.taken.clear()
        while len(self.at_work) < most and (cell := self._next(waiting)) is not None:
            waiting.remove(cell)
            with signals.held_back():
                process, said = self._start(cell)
                journal = Journal(self.context.runs / cell.id).path
                self.at_work[process.sentinel] = Worker(process, cell, said, journal, beside=bool(self.at_work))
            for worker in self.at_work.values():
                worker.beside = worker.beside or len(self.at_work) > 1

    def reap(self, seconds: float) -> list[Cell]:
        """Wait at most `seconds` for a process to end; journal each death.

        Return the cells to try again alone: their processes died, but not because of their own time or memory.
        """
        ended = set(connection.wait(self.at_work, seconds))
        with signals.held_back():
            cells = [self._leave(sentinel) for sentinel in list(self.at_work) if sentinel in ended]
        return [cell for cell in cells if cell is not None]

    def watch(self) -> None:
        """End the workers that say nothing for too long, or use too much memory; `reap` then takes leave of them."""
        for worker in self.at_work.values():
            worker.listen()
            if worker.outcome is not None and worker.silence > self.context.grace:
                worker.kill()  # a plug-in left a thread, a child or a hook that does not end
            elif worker.outcome is None and worker.silence > self.context.time_limit:
                text = f"{worker.cell.label}: no epoch ended in {self.context.time_limit:g} s, which is --time-limit"
                worker.kill(TimedOut(error=text))
        if time.monotonic() - self.looked > BETWEEN:
            self._watch_memory()
            self.looked = time.monotonic()

    def stop(self) -> None:
        """Let the processes save and leave, then kill those that remain."""
        until = time.monotonic() + self.context.grace
        try:
            with suppress(OSError):  # no room: the workers cannot know, and are killed after the grace
                self.context.stop.touch()
            while self.at_work and (left := until - time.monotonic()) > 0:
                self.reap(left)
        finally:
            with signals.held_back():
                self.kill()
                self.context.stop.unlink(missing_ok=True)

    def _watch_memory(self) -> None:
        """End the largest worker if all together use more than the limit.

        It is the cause if it alone uses more, or never had another beside it. Else it is to be tried again alone.
        """
        workers = {worker.process.pid or 0: worker for worker in self.at_work.values()}
        if sum(memory.used(workers).values()) <= self.limit:
            return
        used = memory.used(workers, exact=True)
        if sum(used.values()) <= self.limit:
            return
        pid = max(used, key=lambda key: used[key])
        worker, limit = workers[pid], f"{memory.gib(self.limit)}, which is --memory-limit"
        if used[pid] > self.limit or not worker.beside:
            text = f"{worker.cell.label}: it used {memory.gib(used[pid])} of {limit}"
            worker.kill(OutOfMemory(error=text))
        else:
            worker.kill(Interrupted(error=f"the cells together used {memory.gib(sum(used.values()))} of {limit}"))

    def _leave(self, sentinel: int) -> Cell | None:
        """Close a process that ended, with its group; return its cell if it is to be tried again."""
        worker = self.at_work[sentinel]
        worker.process.join()
        worker.listen()
        code = worker.process.exitcode or 0
        if code == ORPHANED:
            _end_orphan(worker.process.pid)
        end_group(worker.process.pid)
        event, again = self._judge(worker, code)
        if event is not None:
            with suppress(OSError):  # a full disk: the cell is unfinished all the same
                Journal(worker.journal.parent).append(event)
        self._forget(sentinel)
        if worker.outcome == TAKEN:
            self.taken.append(worker.cell)
        return worker.cell if again else None

    def _next(self, waiting: Iterable[Cell]) -> Cell | None:
        """Return the first waiting cell that no other bench is at work on; None if there is none."""
        folders = ((cell, self.context.runs / cell.id) for cell in waiting)
        return next((cell for cell, folder in folders if not fence.is_surely_held(folder / fence.NAME)), None)

    def _judge(self, worker: Worker, code: int) -> tuple[Event | None, bool]:
        """Return what to journal of a worker that ended, and whether its cell is to be tried again alone."""
        if worker.outcome is not None:
            again = worker.outcome == OutOfMemory.NAME and worker.beside
            if again:
                return Interrupted(error="out of memory beside other cells"), True
            lost = worker.outcome not in ("done", "interrupted") and _status(worker) == "running"
            return (unrecorded(worker.cell, self.context.runs) if lost else None), False
        if _status(worker) == "done":  # it died after its last line
            return None, False
        if worker.verdict is not None:
            return worker.verdict, isinstance(worker.verdict, Interrupted)
        before, self.kills = self.kills, memory.kills()
        if code == -signal.SIGKILL and self.kills > before:
            text = "killed by the system, which was out of memory"
            if not worker.beside:
                return OutOfMemory(error=f"{worker.cell.label}: {text}"), False
            return Interrupted(error=text), True
        return Interrupted(error=cause(code)), True

    def kill(self) -> None:
        """Kill the remaining processes. They ignore gentler signals."""
        for worker in self.at_work.values():
            worker.kill()
        for sentinel, worker in list(self.at_work.items()):
            worker.process.join()
            with suppress(OSError, BenchError):
                if record_of(worker.cell, worker.journal.parent).status == "running":
                    Journal(worker.journal.parent).append(Interrupted())
            self._forget(sentinel)

    def _forget(self, sentinel: int) -> None:
        worker = self.at_work.pop(sentinel)
        worker.said.close()
        worker.process.close()


def _status(worker: Worker) -> str:
    """Return the state that the cell's journal tells; "" if it cannot be read."""
    with suppress(OSError, BenchError):
        return record_of(worker.cell, worker.journal.parent).status
    return ""


def cause(code: int) -> str:
    """Return how a process died, in words, from its exit code."""
    if code in (-9, ORPHANED):
        return "killed, or out of memory"
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def end_group(pid: int | None) -> None:
    """Kill what is left of the process group that a worker leads."""
    if pid is not None and hasattr(os, "killpg"):
        with suppress(OSError):  # there is none
            os.killpg(pid, signal.SIGKILL)


def _end_orphan(pid: int | None) -> None:
    """Kill a process whose server died: it still runs, and its cell will be tried again."""
    import psutil

    try:
        orphan = psutil.Process(pid)
        orphan.kill()
        orphan.wait(timeout=5)
    except psutil.Error:  # it has gone, or nobody reaps it
        pass
