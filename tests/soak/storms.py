"""What happens to a `bench run` of the soak: signals, kills, a full disk, workers of a cluster that come and go."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

TAG = "BENCH_SOAK_ROUND"
"""The variable of the environment by which a round knows the processes that it started."""
Storm = Callable[[subprocess.Popen[bytes], random.Random], None]


def children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Return all processes below bench that still live."""
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        return []


def signals_bench(process: subprocess.Popen[bytes], rng: random.Random) -> None:
    """Send one to three signals that ask bench to end, or the one that ends it."""
    for _ in range(rng.randint(1, 3)):
        with suppress(OSError):
            os.kill(process.pid, rng.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]))
        time.sleep(rng.random())


def kills_a_process(process: subprocess.Popen[bytes], rng: random.Random) -> None:
    """Kill a worker, the server that workers are forked from, or what a plug-in started."""
    found = children(process)
    if found:
        with suppress(psutil.Error):
            rng.choice(found).kill()


def halts_a_process(process: subprocess.Popen[bytes], rng: random.Random) -> None:
    """Stop a worker or the server: it handles nothing from then on."""
    found = children(process)
    if found:
        with suppress(psutil.Error):
            rng.choice(found).suspend()


def kills_the_session(process: subprocess.Popen[bytes], rng: random.Random) -> None:
    """Kill bench and all its processes at once, as a batch system does."""
    for each in [*children(process), process]:
        with suppress(psutil.Error, OSError):
            each.kill()


def does_nothing(process: subprocess.Popen[bytes], rng: random.Random) -> None:
    """Leave it in peace: the hostile plug-ins are enough."""


STORMS: tuple[Storm, ...] = (signals_bench, kills_a_process, halts_a_process, kills_the_session, does_nothing)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """Mount a disk of 64 MiB on the folder; yield None if this user cannot mount."""
    folder.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], capture_output=True)
    try:
        yield None if mounted.returncode else folder
    finally:
        if not mounted.returncode:
            subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def filled(disk: Path, left: int) -> Iterator[None]:
    """Fill a disk up to `left` bytes until the block ends."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file, suppress(OSError):
        room = os.statvfs(disk)
        os.posix_fallocate(file.fileno(), 0, max(1, room.f_bavail * room.f_frsize - left))
    try:
        yield
    finally:
        ballast.unlink(missing_ok=True)


@contextmanager
def restless(cluster: Any, rng: random.Random) -> Iterator[None]:
    """Let the workers of a dask cluster come and go, by their leave and by kills, until the block ends."""
    over = threading.Event()

    def change() -> None:
        while not over.wait(1 + 3 * rng.random()):
            if rng.random() < 0.5:
                cluster.scale(rng.randint(1, 3))
            else:
                workers = [each for each in psutil.Process().children(True) if "distributed" in " ".join(_line(each))]
                with suppress(psutil.Error, IndexError):
                    rng.choice([each for each in workers if _line(each)]).kill()
        cluster.scale(2)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _line(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def left_over(tag: str) -> list[psutil.Process]:
    """Return the live processes that have the tag in their environment."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(TAG) == tag and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found
