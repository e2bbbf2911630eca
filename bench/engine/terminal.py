"""Handle output: it never stops work, and text from outside commands no terminal."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

from bench.contracts.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed import ReadableBuffer
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

LINES = "\n\t"  # what lines of output hold beside what a reader sees


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


class Visible(io.TextIOWrapper):
    """A stream that writes control, bidirectional and zero-width characters as escapes."""

    @property
    def buffer(self) -> Any:
        """Return None: click would go around `write` if the encoding is ASCII, and write UTF-8."""
        return None

    def write(self, text: str, /) -> int:
        """Write the text with escapes; return its length."""
        super().write(visible(text, LINES))
        return len(text)

    def write_plain(self, text: str) -> int:
        """Write the text as it is."""
        return super().write(text)

    @property
    def lost(self) -> OSError | None:
        """Return the error that lost some of the output; None if none did."""
        raw = getattr(super().buffer, "raw", None)
        return raw.lost if isinstance(raw, Unfailing) else None


class Styled:
    """The stream behind a `Visible`, for a console whose styles are control characters."""

    def __init__(self, stream: Visible) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text as it is."""
        return self._stream.write_plain(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def console(stream: TextIO | None = None, **options: Any) -> Console:
    """Return a rich console on the stream (default: standard output) that shows unseen characters as escapes.

    `options` are those of rich's Console.
    """
    from rich.console import Console
    from rich.segment import Segment

    class Shown(Console):
        """A console whose text, and not its styles, is made visible."""

        def render(
            self, renderable: RenderableType, options: ConsoleOptions | None = None
        ) -> Iterable[Segment]:  # each text that is printed passes here
            for segment in super().render(renderable, options):
                text, style, control = segment
                yield segment if control else Segment(visible(text, LINES), style)

    found = stream or sys.stdout
    return Shown(file=cast("IO[str]", Styled(found)) if isinstance(found, Visible) else stream, **options)


def unfailing(stream: TextIO | None) -> TextIO | None:
    """Return a stream on the same file that never fails; the stream itself if it is not this process's own."""
    if stream is None or stream not in (sys.__stdout__, sys.__stderr__) or not isinstance(stream, io.TextIOWrapper):
        return stream
    with suppress(OSError):
        stream.flush()
    buffer = io.BufferedWriter(Unfailing(stream.fileno(), "w", closefd=False))
    return Visible(
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
    return sys.stdout.lost if isinstance(sys.stdout, Visible) else None


def write_data(text: str) -> None:
    """Write text for other programs to standard output: as it is, unless that is a terminal."""
    if isinstance(sys.stdout, Visible) and not sys.stdout.isatty():
        sys.stdout.write_plain(text)
    else:
        sys.stdout.write(text)


def holds(text: str) -> bool:
    """Return whether the encoding of standard output has all characters of the text."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "ignore").decode(encoding) == text


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
