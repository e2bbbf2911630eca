"""The signals that ask a process to end: raised once, ignored where they were ignored, with the shells' exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from bench.engine import signals

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@pytest.fixture(autouse=True)
def hears_hangups() -> Iterator[None]:
    """Let SIGHUP end a process as it does by default, also where these tests run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", signals.RAISED)
def test_it_is_raised_as_ctrl_c_is_and_ignored_from_then_on(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with signals.raised():
        with pytest.raises(KeyboardInterrupt) as stop, signals.raised():
            signal.raise_signal(number)
        assert signals.exit_code(stop.value) == 128 + number
        for other in signals.RAISED:
            signal.raise_signal(other)
    assert signal.getsignal(number) == before


def test_ctrl_c_has_its_exit_code() -> None:
    assert signals.exit_code(KeyboardInterrupt()) == 130


def test_what_is_ignored_stays_ignored() -> None:
    """As under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.raised():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_another_thread_changes_no_handler() -> None:
    found = []

    def look() -> None:
        with signals.raised():
            found.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [before]


@pytest.mark.parametrize("number", signals.ENDING)
def test_any_command_ends_with_the_signals_exit_code(number: signal.Signals) -> None:
    """Also one that comes before the command begins."""
    code = f"""
import signal, sys
from bench.cli import main as cli
if {number == signal.SIGINT}: signal.signal(signal.SIGINT, signal.default_int_handler)
cli.LazyGroup.get_command = lambda *_: signal.raise_signal({int(number)})
sys.argv = ["bench", "list"]
cli.main()
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr.strip()) == (128 + number, "", "interrupted")
