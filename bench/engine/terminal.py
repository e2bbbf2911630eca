"""Standard output and standard error that cannot hold every character: a terminal or a pipe in Latin-1 or ASCII."""

from __future__ import annotations

import io
import sys


def escape_what_it_cannot_hold() -> None:
    """From now on such a character is written as its escape, as in \\u5317; no print of it is an error.

    Files are not touched by this: they are UTF-8 everywhere.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a notebook has streams of its own, which hold everything
            stream.reconfigure(errors="backslashreplace")
