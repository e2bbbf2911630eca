"""A worker process: it runs one cell, and ends with the process that wanted it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path

from bench.engine import job, memory, signals, terminal
from bench.engine.job import Context
from bench.planning.cell import Cell

LOG = "output.log"
"""What a cell's process prints, in the cell's folder."""
SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux


def work(cell: Cell, context: Context, environment: Mapping[str, str], says: Connection) -> None:
    """Run one cell, which is all that a process does, and send its outcome.

    The process then ends. If a plug-in keeps it from that, the one that wanted it ends it after the grace.
    """
    begin(environment)
    memory.be_the_first_to_go()
    log = context.runs / cell.id / LOG
    _print_into(log)
    outcome = job.run(cell, context)
    with suppress(Exception):  # a plug-in may have put anything in its place
        sys.stdout.flush()
    with suppress(OSError):
        if not log.stat().st_size:
            log.unlink()
    with suppress(OSError):  # nobody is there to listen
        says.send_bytes(outcome.encode())


def begin(environment: Mapping[str, str]) -> None:
    """Make this process one that ignores the ending signals, and ends with the one that wanted it."""
    signals.ignore()
    if hasattr(os, "setpgrp"):
        os.setpgrp()  # what a plug-in starts is ended with this process
    _let_go()
    _leave_with_parent()
    set_environment(environment)  # the server's environment is that of its start


def _print_into(path: Path) -> None:
    """From now on write what this process and its children print to the end of a file, and let them read nothing.

    Without it a plug-in's print would go into the output of bench, and a process that it leaves would keep that open.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    try:
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    except OSError:  # there is no folder or no room: the job says so
        log = os.dup(nothing)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)
    sys.stdout, sys.stderr = terminal.stream_on(1), terminal.stream_on(2)


def set_environment(values: Mapping[str, str]) -> None:
    """Replace the environment of this process."""
    os.environ.clear()
    os.environ.update(values)


def _let_go() -> None:
    """Close what would keep the server and the resource tracker of multiprocessing alive after bench.

    They end when nobody holds their pipes. This process holds them, and so would every process that a plug-in forks. A
    plug-in that needs a server or a tracker gets its own.
    """
    if not parent_is_server():
        return
    from multiprocessing import forkserver, resource_tracker

    pipes = ((forkserver._forkserver, "_forkserver_alive_fd"), (resource_tracker._resource_tracker, "_fd"))
    for owner, name in pipes:
        descriptor = getattr(owner, name, None)
        if descriptor is not None:
            os.close(descriptor)
            setattr(owner, name, None)


def parent_is_server() -> bool:
    """Return whether this process was forked from a server, and not spawned by the process that wanted it."""
    parent = parent_process()
    return parent is not None and hasattr(os, "getppid") and parent.pid != os.getppid()


def _leave_with_parent() -> None:
    """End this process at once if the one that wanted it is killed: the next run may resume its cell.

    The server ends when that process does. Linux then kills this one, wherever it is; elsewhere a thread ends it, which
    has to wait for code in C that holds the interpreter.
    """
    parent = parent_process()
    assert parent is not None
    if sys.platform == "linux" and parent_is_server():
        import ctypes

        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
