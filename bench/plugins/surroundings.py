"""Put back what an import of a plug-in changed around it, so that the look at the plug-in can go on.

A worker that runs a cell keeps what the plug-ins of the cell changed.
"""

from __future__ import annotations

import builtins
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


@contextmanager
def kept() -> Iterator[None]:
    """Keep the current folder, sys.path, the environment, builtins, signal handlers and timers as they were."""
    folder, path, environment = Path.cwd(), list(sys.path), dict(os.environ)
    space: dict[str, Any] = builtins.__dict__
    handlers = _handlers()
    names = dict(space)
    try:
        yield
    finally:
        sys.path[:] = path
        space.update(names)
        for added in space.keys() - names.keys():
            del space[added]
        os.environ.clear()
        os.environ.update(environment)
        with suppress(OSError):  # the folder may be gone
            os.chdir(folder)
        _set_again(handlers)


def _handlers() -> dict[signal.Signals, object]:
    """Return the handlers of all signals. Only the main thread may set them again."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.getsignal(number) for number in signal.valid_signals() if isinstance(number, signal.Signals)}


def _set_again(handlers: dict[signal.Signals, object]) -> None:
    if handlers and hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
    for number, handler in handlers.items():
        if handler is not None and signal.getsignal(number) is not handler:
            with suppress(OSError, ValueError, TypeError):
                signal.signal(number, handler)  # type: ignore[arg-type]
