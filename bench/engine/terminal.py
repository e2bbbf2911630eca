"""Handle output that cannot hold every character, or that cannot be written: output never stops work."""

from __future__ import annotations

import codecs
import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def escape_what_it_cannot_hold() -> None:
    """From now on print such a character as its escape, as in \\u5317, in place of an error.

    Files are not affected: they are UTF-8 everywhere.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a notebook has streams of its own, which hold everything
            stream.reconfigure(errors="backslashreplace")


class Unfailing(io.FileIO):
    """An open file that drops what cannot be written: its reader left, its disk is full, or its terminal is closed.

    `lost` is the last error, unless the reader left: then nobody misses the rest.
    """

    lost: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        """Write the bytes, or drop them; return how many were taken."""
        try:
            return super().write(data) or 0
        except OSError as error:
            if not isinstance(error, BrokenPipeError):
                self.lost = error
            return memoryview(data).nbytes


def unfailing(stream: TextIO | None) -> TextIO | None:
    """Return a stream on the same file that never fails; the stream itself if it is not this process's own."""
    if stream is None or stream not in (sys.__stdout__, sys.__stderr__) or not isinstance(stream, io.TextIOWrapper):
        return stream
    with suppress(OSError):
        stream.flush()
    buffer = io.BufferedWriter(Unfailing(stream.fileno(), "w", closefd=False))
    return io.TextIOWrapper(
        buffer, stream.encoding, stream.errors, line_buffering=stream.line_buffering, write_through=stream.write_through
    )


def stream_on(descriptor: int) -> TextIO:
    """Return a stream in UTF-8 on an open file that never fails and is written line by line."""
    buffer = io.BufferedWriter(Unfailing(descriptor, "w", closefd=False))
    return io.TextIOWrapper(buffer, "utf-8", "backslashreplace", line_buffering=True)


def never_fail() -> None:
    """From now on drop output that cannot be written, in place of an error.

    A standard stream that was closed becomes the null device: else the next file that is opened takes its number, and
    what a library prints ends up in that file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout, sys.stderr = unfailing(sys.stdout), unfailing(sys.stderr)


def lost_output() -> OSError | None:
    """Write what standard output still holds; return the error if some of it was lost."""
    if sys.stdout is None or sys.stdout.closed:
        return None
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw.lost if isinstance(raw, Unfailing) else None


def holds(text: str) -> bool:
    """Return whether standard output writes the text unchanged. If it is ASCII, click writes UTF-8."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return codecs.lookup(encoding).name == "ascii" or text.encode(encoding, "ignore").decode(encoding) == text


def name_files_in_utf8() -> None:
    """Restart this command in Python's UTF-8 mode if Python decodes file names as ASCII.

    This happens with LC_ALL=C and PYTHONUTF8=0. Then a file whose name has other letters could be read, but neither
    named in a table nor written. Output keeps the terminal's own encoding. Another program that calls `main` is not
    restarted.
    """
    ours = any(Path(argument).name == "bench" for argument in sys.orig_argv[1:3])  # bin/bench, or -m bench
    if sys.flags.utf8_mode or sys.getfilesystemencoding() != "ascii" or not ours:
        return
    encoding = {"PYTHONIOENCODING": getattr(sys.stdout, "encoding", None) or "ascii"}
    os.execve(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]], encoding | os.environ)
