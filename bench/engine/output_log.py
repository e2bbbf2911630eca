"""The file that a cell's process and its children print into. Its size is limited."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

from bench.engine import terminal

NAME = "output.log"
"""The file's name, in the cell's folder."""
MOST = 16 * 2**20
"""Bytes that are kept."""
BETWEEN = 0.2
"""Seconds between two looks at the size."""


class OutputLog:
    """Takes what this process and its children print, once it is opened; they read nothing.

    Without it a plug-in's print would go into the output of bench, and a process that it leaves would keep that open.
    Beyond `most` bytes this process prints into nothing; what its children still print is cut off again and again.
    """

    def __init__(self, path: Path, most: int = MOST) -> None:
        self.path, self.most = path, most
        self._full = False
        self._lock = threading.Lock()

    def open(self) -> None:
        """Send the output to the end of the file from now on; to nothing if it cannot be opened."""
        try:
            log = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError:  # there is no folder or no room: the job says so
            log = os.open(os.devnull, os.O_WRONLY)
        _lead(log)
        sys.stdout, sys.stderr = terminal.stream_on(1), terminal.stream_on(2)
        threading.Thread(target=self._follow, daemon=True, name="output log").start()

    def close(self) -> None:
        """Cut off what is too long, and remove an empty file."""
        with suppress(Exception):  # a plug-in may have put anything in its place
            sys.stdout.flush()
        self.cut()
        with suppress(OSError):
            if not self.path.stat().st_size:
                self.path.unlink()

    def cut(self) -> None:
        """Cut the file if it is too long, with a line that says so, and print into nothing from then on."""
        with suppress(OSError), self._lock:
            if self.path.stat().st_size <= self.most:
                return
            if not self._full:
                _lead(os.open(os.devnull, os.O_WRONLY))
                self._full = True
            told = f"\n[bench: what is printed beyond {self.most:,} bytes is dropped]\n".encode()
            os.truncate(self.path, self.most - len(told))
            with self.path.open("ab") as file:
                file.write(told)

    def _follow(self) -> None:
        wait = threading.Event().wait
        while True:
            wait(BETWEEN)
            self.cut()


def _lead(target: int) -> None:
    """Let standard output and error lead to an open file, which is closed, and standard input to nothing."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, source in ((0, nothing), (1, target), (2, target)):
        os.dup2(source, number)
    os.close(nothing)
    os.close(target)
