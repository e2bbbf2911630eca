"""Handle a terminal or a pipe, in Latin-1 or ASCII, that cannot hold every character."""

from __future__ import annotations

import codecs
import io
import os
import sys
from pathlib import Path


def escape_what_it_cannot_hold() -> None:
    """From now on print such a character as its escape, as in \\u5317, in place of an error.

    Files are not affected: they are UTF-8 everywhere.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a notebook has streams of its own, which hold everything
            stream.reconfigure(errors="backslashreplace")


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
