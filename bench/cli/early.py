"""Let Ctrl-C end the command without a traceback while it still imports what it needs."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType


def leave_quietly() -> None:
    """From now on end with exit code 130 at Ctrl-C, until `listen`. Another program that imports this stays as it is.

    A Ctrl-C that is ignored, as in a background job of a shell, stays ignored.
    """
    ours = any(Path(argument).name == "bench" for argument in sys.orig_argv[1:3])  # bin/bench, or -m bench
    if ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def listen() -> None:
    """Raise KeyboardInterrupt at Ctrl-C again, if `leave_quietly` ended that."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os.write(2, b"interrupted\n")
    os._exit(130)
