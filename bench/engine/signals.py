"""Hold back, ignore or raise the signals that ask this process to end: Ctrl-C, SIGTERM and SIGHUP.

Batch systems send SIGTERM before they end a job. A terminal that closes sends SIGHUP.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

RAISED = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
ENDING = (signal.SIGINT, *RAISED)


class Stopped(KeyboardInterrupt):
    """A signal asked this process to end, as Ctrl-C does; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def exit_code(stop: BaseException | None) -> int:
    """Return the exit code that shells use after a signal: 143 for SIGTERM, 129 for SIGHUP, 130 for Ctrl-C."""
    return 128 + (stop.number if isinstance(stop, Stopped) else signal.SIGINT)


class _RaiseOnce:
    """A handler that raises the first signal and ignores the next.

    A closing terminal sends several. Only a second Ctrl-C, which this does not handle, asks for haste.
    """

    def __init__(self) -> None:
        self.raised = False

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if not self.raised:
            self.raised = True
            raise Stopped(number)


@contextmanager
def raised() -> Iterator[None]:
    """Raise SIGTERM and SIGHUP as `Stopped` until the block ends.

    A signal that is ignored, as SIGHUP is under nohup, stays ignored. Python handles signals in its main thread only;
    in another thread this does nothing. A block within another such block changes nothing.
    """
    before = {number: signal.getsignal(number) for number in RAISED}
    nested = any(isinstance(handler, _RaiseOnce) for handler in before.values())
    if nested or threading.current_thread() is not threading.main_thread():
        yield
        return
    handled = [number for number, handler in before.items() if handler != signal.SIG_IGN]
    handler = _RaiseOnce()
    for number in handled:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, before[number])


@contextmanager
def held_back() -> Iterator[None]:
    """Hold the ending signals back until the block ends. A process started within it ignores them.

    Windows has no signal mask, so nothing is held back there.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ignore() -> None:
    """Make this process ignore the ending signals from now on."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    else:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
