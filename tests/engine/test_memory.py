"""What workers use is counted by group, and what the machine gives is the least of its limits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bench.engine import memory

HALF = 2**29
HOLDS = """
import os, time
os.setpgrp()
held = b"x" * 2**28  # the child shares it
if not os.fork():
    more = b"y" * 2**28
print("holds", flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere resident memory stands in")
def test_a_worker_counts_with_its_children_and_shared_pages_count_once_if_exact() -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDS], stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() and process.stdout.readline()
        most, exact = (memory.used([process.pid, 2**22 + 1], exact=exact) for exact in (False, True))
        os.killpg(process.pid, 9)
    assert most[2**22 + 1] == 0 and most[process.pid] > 3 * 2**28
    assert HALF < exact[process.pid] < HALF + 2**27


def test_nothing_is_used_by_nobody() -> None:
    assert memory.used([]) == {}


def test_the_limit_is_the_least_of_the_groups_and_those_above_them(tmp_path: Path) -> None:
    for name, text in (("a/memory.max", "max\n"), ("memory.max", "7000\n"), ("a/b/memory.max", "9000\n")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert list(memory.group_limits(tmp_path, "0::/a/b\n")) == [9000, 7000]
    assert list(memory.group_limits(tmp_path, "4:cpu:/a\n")) == []
    (tmp_path / "memory" / "x").mkdir(parents=True)
    (tmp_path / "memory" / "x" / "memory.limit_in_bytes").write_text("5000\n")
    assert list(memory.group_limits(tmp_path, "5:memory:/x\n")) == [5000]
    assert list(memory.group_limits(tmp_path, "")) == []


def test_the_default_is_within_the_machine() -> None:
    assert 2**20 < memory.machine_limit() <= memory.SHARE * psutil.virtual_memory().total
    assert memory.kills() >= 0


def test_a_limit_is_given_in_gib() -> None:
    assert memory.gib_to_bytes(None) is None and memory.gib_to_bytes(1.5) == 3 * 2**29
    assert memory.gib(3 * 2**29) == "1.50 GiB"
