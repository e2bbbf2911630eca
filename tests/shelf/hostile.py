"""Trainers that misuse their process."""

import ctypes
import subprocess
import sys
from pathlib import Path
from typing import Any

from .trainers import Tiny

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


class InC(Tiny):
    """Its epoch is in C code that holds the interpreter, so that no other thread runs; it has a process of its own."""

    def mle(self) -> dict[str, Any]:
        child = subprocess.Popen(SLEEP)
        Path(__file__).with_name("child").write_text(f"{child.pid}\n")
        ctypes.PyDLL(None).sleep(600)
        return super().mle()
