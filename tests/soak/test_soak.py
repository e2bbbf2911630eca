"""For half an hour, or BENCH_SOAK_MINUTES: real faults at random, and at the end the tables of a calm run.

`pytest -m soak tests/soak` runs it; BENCH_SOAK_SEED repeats the faults of an earlier soak in their order.
"""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest

pytestmark = [pytest.mark.soak, pytest.mark.skipif(sys.platform != "linux", reason="processes of Linux")]

SHELF = Path(__file__).parent.parent / "shelf"
MINUTES = float(os.environ.get("BENCH_SOAK_MINUTES", "30"))
PATIENCE = 900  # seconds after which a command waits for ever
FRIENDS = ("Tiny", "Slow", "Spoils")
NAMES = """
import sys
from bench.plugins.loading import load
print(*sys.modules[load("bench.baselines", f"{sys.argv[1]}:Critic").__module__].FAULTS)
"""
TABLES = ("*.csv", "*.md", "*.tex")


def neighbour(name: str) -> ModuleType:
    """Return a module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


storms = neighbour("storms")


def faults(shelf: Path) -> list[str]:
    """Return the names of the hostile trainers."""
    return subprocess.run(
        [sys.executable, "-c", NAMES, shelf], capture_output=True, text=True, check=True
    ).stdout.split()


def command(shelf: Path, plan: str, hostile: Sequence[str] = (), *more: str) -> list[str]:
    trainers = [f"{shelf / 'trainers.py'}:{name}" for name in FRIENDS]
    trainers += [f"{shelf / 'adversary.py'}:{name}" for name in hostile]
    arms = [part for name in trainers for part in ("-b", name)]
    limits = ("--jobs", "2", "--time-limit", "20", "--preset", "smoke", "--set", "evaluation.samples=30")
    data = ("-d", f"{shelf / 'words.py'}:Words")
    return [sys.executable, "-m", "bench", "run", *arms, *data, *limits, "--seeds", "3", "--plan", plan, *more]


def start(folder: Path, tag: str, line: Sequence[str]) -> subprocess.Popen[bytes]:
    environment = os.environ | {storms.TAG: tag, "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}"}
    log = (folder / "output.txt").open("ab")
    with log:
        return subprocess.Popen(line, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)


def ended(process: subprocess.Popen[bytes], folder: Path) -> int:
    try:
        return process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        text = (folder / "output.txt").read_text(errors="replace")[-3000:]
        pytest.fail(f"bench waits for ever in {folder}\n{text}")


def tables(folder: Path) -> dict[str, bytes]:
    """Return file -> bytes of the tables that a run left."""
    found = {path.name: path.read_bytes() for kind in TABLES for path in sorted((folder / "results").glob(f"*/{kind}"))}
    assert found
    return found


class Round:
    """One runs folder that goes through storms, and then has the tables of a calm run."""

    def __init__(self, number: int, place: Path, shelf: Path, rng: random.Random, cluster: Any) -> None:
        self.tag, self.place, self.rng = f"{os.getpid()}-{number}", place / str(number), rng
        self.shelf, self.cluster = shelf, cluster
        self.told: list[str] = []

    def weather(self, hostile: Sequence[str], disk: Path | None) -> None:
        """Run the plan until it has ended by itself, at most six times; most runs meet a storm."""
        for _ in range(6):
            storm, wait = self.rng.choice(storms.STORMS), 12 * self.rng.random()
            clustered = self.rng.random() < 0.25
            more = ("--cluster", self.cluster.scheduler_address) if clustered else ()
            with ExitStack() as stack:
                if clustered:
                    stack.enter_context(storms.restless(self.cluster, self.rng))
                process = start(
                    self.folder, self.tag, command(self.shelf, "storm", () if clustered else hostile, *more)
                )
                time.sleep(wait)
                if disk is not None and self.rng.random() < 0.5:
                    left = self.rng.choice([0, 3_000, 100_000])
                    self.told.append(f"disk full but for {left}")
                    with storms.filled(disk, left):
                        time.sleep(8 * self.rng.random())
                storm(process, self.rng)
                code = ended(process, self.folder)
            self.told.append(f"{storm.__name__} after {wait:.1f} s{' on a cluster' if clustered else ''}: {code}")
            if code in (0, 1):
                return

    def run(self, hostile: Sequence[str]) -> dict[str, bytes]:
        """Return the tables of the calm plan after the storms."""
        with storms.small_disk(self.place) as disk:
            self.folder = self.place / "work"
            self.folder.mkdir()
            self.weather(hostile, disk)
            self.clear()
            process = start(self.folder, self.tag, command(self.shelf, "calm"))
            code = ended(process, self.folder)
            assert code == 0, (self.told, (self.folder / "output.txt").read_text(errors="replace")[-3000:])
            found = tables(self.folder)
        self.clear()
        return found

    def clear(self) -> None:
        """End what plug-ins left in sessions of their own, and what was stopped."""
        for process in storms.left_over(self.tag):
            with suppress(psutil.Error):
                process.kill()


def test_faults_at_random_end_with_the_tables_of_a_calm_run(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    for name in ("trainers.py", "words.py", "adversary.py"):
        shutil.copy(SHELF / name, tmp_path)
    seed = int(os.environ.get("BENCH_SOAK_SEED", time.time_ns()))
    rng, until, known = random.Random(seed), time.monotonic() + 60 * MINUTES, faults(tmp_path / "adversary.py")
    print(f"BENCH_SOAK_SEED={seed}, {len(known)} hostile trainers", flush=True)
    calm = Round(0, tmp_path, tmp_path, rng, None)
    calm.weather = lambda *_: None  # type: ignore[method-assign]
    wanted, number = calm.run(()), 0
    assert len(wanted) > 5
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with distributed.LocalCluster(**options, silence_logs=50) as cluster:
        while time.monotonic() < until:
            number += 1
            found = Round(number, tmp_path, tmp_path, rng, cluster)
            hostile = rng.sample(known, 4)
            got = found.run(hostile)
            print(f"round {number}: {', '.join(hostile)}; {'; '.join(found.told)}", flush=True)
            assert got == wanted, [name for name in wanted if got.get(name) != wanted[name]]
