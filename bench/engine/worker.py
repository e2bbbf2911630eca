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

from bench.engine import job, memory, output_log, signals
from bench.engine.job import Context
from bench.engine.output_log import OutputLog
from bench.planning.cell import Cell

SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux


def work(cell: Cell, context: Context, environment: Mapping[str, str], says: Connection) -> None:
    """Run one cell, which is all that a process does, and send its outcome.

    The process then ends. If a plug-in keeps it from that, the one that wanted it ends it after the grace.
    """
    begin(environment)
    memory.be_the_first_to_go()
    log = OutputLog(context.runs / cell.id / output_log.NAME)
    log.open()
    outcome = job.run(cell, context)
    log.close()
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
