"""Ctrl-C while the command imports what it needs: exit code 130, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

COMMAND = """
import os, signal, sys, threading, time

def press():
    before = signal.getsignal(signal.SIGINT)
    while signal.getsignal(signal.SIGINT) is before:
        time.sleep(0.0001)
    time.sleep(float(sys.argv[1]))
    os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.orig_argv = [sys.executable, "bench", "list"]
threading.Thread(target=press, daemon=True).start()
import bench.cli.main
sys.argv = ["bench", "list"]
bench.cli.main.main()
"""
DELAYS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


@pytest.mark.slow
@pytest.mark.parametrize("delay", DELAYS)
def test_ctrl_c_at_any_moment_of_the_start_is_one_line(delay: float) -> None:
    ended = subprocess.run([sys.executable, "-c", COMMAND, str(delay)], capture_output=True, text=True)
    assert ended.returncode in (130, 0) and "Traceback" not in ended.stderr, ended.stderr
    assert ended.stderr == ("interrupted\n" if ended.returncode else "")
    assert ended.returncode or delay > 0.02, "the command was done before it was interrupted"


def test_another_program_keeps_its_own_handler() -> None:
    code = "import signal; before = signal.getsignal(2); import bench.cli.main; assert signal.getsignal(2) is before"
    subprocess.run([sys.executable, "-c", code], check=True)
