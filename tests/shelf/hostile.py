"""Trainers that misuse their process."""

import atexit
import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from .trainers import Tiny

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def beside(name: str) -> Path:
    """Return the path of a file beside this one."""
    return Path(__file__).with_name(name)


def wait_for(*paths: Path) -> None:
    """Wait until all files are there; after minutes give up, since the test has failed."""
    until = time.monotonic() + 300
    while not all(path.exists() for path in paths):
        if time.monotonic() > until:
            raise TimeoutError(paths)
        time.sleep(0.01)


class InC(Tiny):
    """Its epoch is in C code that holds the interpreter, so that no other thread runs; it has a process of its own."""

    def mle(self) -> dict[str, Any]:
        child = subprocess.Popen(SLEEP)
        beside("child").write_text(f"{child.pid}\n")
        ctypes.PyDLL(None).sleep(600)
        return super().mle()


class Floods(Tiny):
    """It prints much more than its log takes, as does a process that it starts, and then a little more."""

    def critic(self) -> dict[str, Any]:
        for _ in range(20):
            os.write(1, b"x" * 2**20)
        command = [sys.executable, "-c", "import os\nfor _ in range(20): os.write(1, b'y' * 2**20)"]
        subprocess.run(command, check=True)
        print("the end")
        return super().critic()


class Lingers(Tiny):
    """It leaves a thread that does not end."""

    def critic(self) -> dict[str, Any]:
        threading.Thread(target=time.sleep, args=(600,)).start()
        return super().critic()


class Forks(Tiny):
    """It leaves a process in a session of its own, and one of multiprocessing that its own process waits for."""

    def critic(self) -> dict[str, Any]:
        if not self.seen.value:
            subprocess.Popen(SLEEP, start_new_session=True)
            multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,)).start()
            if not os.fork():
                os.setsid()
                time.sleep(600)
        return super().critic()


class Hooks(Tiny):
    """It leaves hooks that do not end."""

    def critic(self) -> dict[str, Any]:
        atexit.register(time.sleep, 600)
        Finalize(None, time.sleep, args=(600,), exitpriority=1)
        return super().critic()


class Prints(Tiny):
    """It prints in every way, and reads."""

    def critic(self) -> dict[str, Any]:
        print("by Python \udcff", end="", flush=False)
        os.write(1, b"by the system\n")
        os.write(2, b"as an error\n")
        subprocess.run(["echo", "by a child"], check=True)
        assert not sys.stdin.read() and not os.read(0, 1)
        return super().critic()


class Loops(Tiny):
    """Its second epoch does not end."""

    def mle(self) -> dict[str, Any]:
        while self.momentum.steps:
            pass
        return super().mle()


class Halts(Tiny):
    """It stops its process, which then handles nothing."""

    def mle(self) -> dict[str, Any]:
        os.kill(os.getpid(), signal.SIGSTOP)
        return super().mle()


class Hogs(Tiny):
    """It takes half a GiB in a child, and keeps it."""

    def mle(self) -> dict[str, Any]:
        subprocess.run([sys.executable, "-c", "x = b'x' * 2**29; import time; time.sleep(600)"], check=True)
        return super().mle()


class Shares(Tiny):
    """It takes 3/8 GiB, and keeps it until the file `go` is there, which a test makes."""

    def mle(self) -> dict[str, Any]:
        held = b"x" * (3 * 2**27)
        beside(f"holds-{self.rng.initial_seed()}").touch()
        wait_for(beside("go"))
        return {"loss": super().mle()["loss"] + len(held) * 0}


class Lacks(Tiny):
    """It finds no memory, unless the file `go` is there."""

    def mle(self) -> dict[str, Any]:
        if not beside("go").exists():
            raise MemoryError("no room for 7 GiB")
        return super().mle()


class Waits(Tiny):
    """It waits for the file `go`."""

    def mle(self) -> dict[str, Any]:
        wait_for(beside("go"))
        return super().mle()
