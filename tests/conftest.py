"""For the engine's tests: a dataset and trainers in files outside the repository, as a third party writes them."""

from __future__ import annotations

import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from bench.engine import job
from bench.engine.job import Context
from bench.planning import plan as planning
from bench.planning import preset
from bench.planning.cell import Cell
from bench.planning.request import Request
from bench.records.journal import write_cell
from bench.toolkit.corpora.fetch import Corpora

SHELF = Path(__file__).parent / "shelf"
"""Plug-ins that tests copy, and edit where they test a fault."""


hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test, and each worker that it starts, use one core."""
    import torch

    torch.set_num_threads(1)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def words(tmp_path: Path) -> str:
    """Return the reference of a tiny dataset: 4 words, T = 5."""
    return f"{shutil.copy(SHELF / 'words.py', tmp_path)}:Words"


@pytest.fixture
def trainers(tmp_path: Path) -> Callable[[str], str]:
    """Return class name -> reference of a tiny trainer: Tiny, or one that breaks in its own way."""
    path = shutil.copy(SHELF / "trainers.py", tmp_path)
    return lambda name: f"{path}:{name}"


@pytest.fixture
def corpora(tmp_path: Path) -> Corpora:
    """Return corpora that use samples only and look for no file."""
    return Corpora(tmp_path / "cache", "sample")


@pytest.fixture
def context(tmp_path: Path, corpora: Corpora) -> Context:
    """Return the context in which a test's cells run."""
    return Context(tmp_path / "runs", corpora, tmp_path / "stop", grace=300)  # long enough for a slow machine


@pytest.fixture
def make_cell(words: str, trainers: Callable[[str], str], context: Context) -> Callable[..., Cell]:
    """Plan a cell of a tiny trainer on the tiny dataset and make its folder; keywords are --set overrides."""

    def make(name: str = "Tiny", seed: int = 0, **knobs: Any) -> Cell:
        wanted: dict[str, Any] = {"evaluation__curve_every": 1, "evaluation__samples": 30} | knobs
        sets = [
            (owner or name, key, value) for path, value in wanted.items() for owner, _, key in [path.rpartition("__")]
        ]
        request = Request((trainers(name),), (words,), preset.read("smoke"), tuple(sets), seeds=seed + 1)
        cell = planning.make(request, context.corpora).cells[-1]
        write_cell(cell, context.runs)
        return cell

    return make


@pytest.fixture(scope="session")
def migrated_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty MLflow store, migrated once for all tests, since the first connection takes seconds."""
    from bench.records.tracker import Tracker

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    Tracker(f"sqlite:///{path}").prepare()
    return path


@pytest.fixture
def make_folder(tmp_path: Path, migrated_store: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Make a folder with an empty MLflow store, mlflow.db, and change to it."""

    def make(name: str) -> Path:
        path = tmp_path / name
        path.mkdir()
        shutil.copy(migrated_store, path / "mlflow.db")
        monkeypatch.chdir(path)
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        return path

    return make


@pytest.fixture
def folder(make_folder: Callable[[str], Path]) -> Path:
    """Return a new current folder with an empty MLflow store."""
    return make_folder("work")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let Ctrl-C work as in a terminal. A background job of a shell, such as a CI step, starts with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


NO_FLOCK = """
import ctypes
class Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("true", ctypes.c_uint8), ("false", ctypes.c_uint8), ("k", ctypes.c_uint32)]
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(Instruction))]
load, equal, give = 0x20, 0x15, 0x06  # the number of the call; is it flock?; return
refuse, allow = 0x50000 | {error}, 0x7FFF0000
steps = (Instruction * 4)((load, 0, 0, 0), (equal, 0, 1, {flock}), (give, 0, 0, refuse), (give, 0, 0, allow))
system = ctypes.CDLL(None, use_errno=True)
system.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS: a process may then filter its own calls
assert system.prctl(22, 2, ctypes.byref(Program(4, steps))) == 0  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
"""


@pytest.fixture
def no_flock() -> Callable[[int], str]:
    """Return errno -> code after which the kernel answers each flock() of the process and its children with it."""
    numbers = {("Linux", "x86_64"): 73, ("Linux", "aarch64"): 32}
    number = numbers.get((platform.system(), platform.machine()))
    if number is None:
        pytest.skip("calls cannot be filtered here")
    return lambda error: NO_FLOCK.format(flock=number, error=error)


@pytest.fixture
def on_small_disk(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs Python's arguments where the folder `disk` is a disk of its own, of so many bytes.

    No right is needed: the disk is in memory, and only the process and its children see it.
    """
    disk = tmp_path / "disk"
    disk.mkdir()
    alone = ["unshare", "--user", "--map-root-user", "--mount", "bash", "-c"]
    mount = f"mount -t tmpfs -o size=65536 none '{disk}'"
    if shutil.which("unshare") is None or subprocess.run([*alone, mount], capture_output=True).returncode:
        pytest.skip("this system lets no user mount a disk in a namespace of the user's own")

    def run(size: int, *arguments: object) -> subprocess.CompletedProcess[str]:
        script = f"mount -t tmpfs -o size={size} none '{disk}' && exec \"$@\""
        command = [*alone, script, "bash", sys.executable, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)

    return run


class AtOnce:
    """A backend that does each cell in this process."""

    def prepare(self) -> None:
        pass

    def run(self, cells: Sequence[Cell], context: Context, tick: Callable[[], None]) -> list[Cell]:
        for cell in cells:
            job.run(cell, context)
        tick()
        return []


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run cells in the test's own process."""
    monkeypatch.setattr("bench.engine.pool.choose", lambda *_: AtOnce())
