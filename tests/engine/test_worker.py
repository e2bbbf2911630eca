"""A worker is fenced, its time and memory have limits, and nothing that a plug-in leaves holds up bench."""

from __future__ import annotations

import os
import pickle
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.engine import job, output_log, pool
from bench.engine.job import Context
from bench.engine.local import Local
from bench.planning.cell import Cell
from bench.records import fence
from bench.records.events import Failed, Interrupted, Start
from bench.records.journal import read_record

SHELF = Path(__file__).parent.parent / "shelf"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="processes of POSIX")]

BENCH = """
import pickle, sys
from pathlib import Path
from bench.engine import pool

cells, context, jobs = pickle.loads(Path(sys.argv[1]).read_bytes())
pool.run_all(cells, context, jobs, lambda: None, None)
"""


@pytest.fixture
def trainers(tmp_path: Path) -> Callable[[str], str]:
    """Return class name -> reference of a hostile trainer."""
    for name in ("trainers.py", "hostile.py"):
        shutil.copy(SHELF / name, tmp_path)
    return lambda name: f"{tmp_path / 'hostile.py'}:{name}"


@pytest.fixture
def bench(context: Context, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a process that runs cells as `bench run` does; its output is a pipe."""

    def bench(*cells: Cell, jobs: int = 1, grace: float = 300.0) -> subprocess.Popen[str]:
        (tmp_path / "given").write_bytes(pickle.dumps((cells, replace(context, grace=grace), jobs)))
        command = [sys.executable, "-c", BENCH, tmp_path / "given"]
        return subprocess.Popen(command, stdout=-1, stderr=subprocess.STDOUT, text=True)

    return bench


def wait_until(state: Callable[[], bool]) -> None:
    until = time.monotonic() + 300
    while not state():
        assert time.monotonic() < until, "the state never came"
        time.sleep(0.02)


def written(path: Path) -> bool:
    return path.exists() and path.read_text().endswith("\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_worker_in_c_code_ends_with_bench_and_so_does_its_child(
    make_cell: Callable[..., Cell], bench: Callable[..., subprocess.Popen[str]], context: Context, tmp_path: Path
) -> None:
    cell = make_cell("InC")
    with bench(cell) as process:
        wait_until(lambda: written(tmp_path / "child"))
        started = [*psutil.Process(process.pid).children(recursive=True)]
        assert int((tmp_path / "child").read_text()) in [child.pid for child in started]
        assert fence.is_held(context.runs / cell.id / fence.NAME)
        process.kill()
    assert psutil.wait_procs(started, timeout=60)[1] == []
    assert not fence.is_held(context.runs / cell.id / fence.NAME)


HOLDS = """
import sys, time
from pathlib import Path
from bench.records import fence
with fence.held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_cell_that_another_process_works_on_is_left_to_it(make_cell: Callable[..., Cell], context: Context) -> None:
    cell = make_cell()
    folder = context.runs / cell.id
    with subprocess.Popen([sys.executable, "-c", HOLDS, folder / fence.NAME], stdout=subprocess.PIPE) as other:
        assert other.stdout and other.stdout.readline()
        assert job.run(cell, context) == job.TAKEN and read_record(folder).events == ()
        other.kill()
    assert job.run(cell, context) == "done"
    before = read_record(folder).events
    assert job.run(cell, context) == "done" and read_record(folder).events == before, "it is not run again"


def test_other_cells_go_first_while_another_process_works_on_one(
    make_cell: Callable[..., Cell], context: Context
) -> None:
    held, free = make_cell(), make_cell(seed=1)
    folders = {cell: context.runs / cell.id for cell in (held, free)}
    with subprocess.Popen([sys.executable, "-c", HOLDS, folders[held] / fence.NAME], stdout=subprocess.PIPE) as other:
        assert other.stdout and other.stdout.readline()

        def tick() -> None:
            if read_record(folders[free]).status == "done" and other.poll() is None:
                assert read_record(folders[held]).events == ()
                other.kill()

        assert Local(1).run([held, free], context, tick) == []
    assert [read_record(folder).status for folder in folders.values()] == ["done", "done"]


def test_a_file_system_that_does_not_lock_fails_the_cell_in_one_line(
    make_cell: Callable[..., Cell], context: Context, tmp_path: Path, no_flock: Callable[[int], str]
) -> None:
    """On a cluster the parent may see the folder through another file system."""
    cell = make_cell()
    (tmp_path / "given").write_bytes(pickle.dumps((cell, context)))
    code = f"""
{no_flock(37)}
import pickle, sys
from pathlib import Path
from bench.engine import job, output_log, pool
assert job.run(*pickle.loads(Path(sys.argv[1]).read_bytes())) == "failed"
"""
    subprocess.run([sys.executable, "-c", code, tmp_path / "given"], check=True)
    failed = read_record(context.runs / cell.id).last(Failed)
    assert failed is not None and "does not lock files (No locks available)" in failed.error


def run(context: Context, jobs: int, *cells: Cell, tick: Callable[[], None] = lambda: None) -> list[str]:
    """Run the cells; return the state of each."""
    pool.run_all(cells, context, jobs, tick, None)
    return [read_record(context.runs / cell.id).status for cell in cells]


def attempts(cell: Cell, context: Context) -> int:
    return len(read_record(context.runs / cell.id).all(Start))


def error_of(cell: Cell, context: Context) -> str:
    failure = read_record(context.runs / cell.id).failure
    assert failure is not None
    return failure.error


def test_what_a_plug_in_leaves_holds_up_nothing(
    make_cell: Callable[..., Cell], bench: Callable[..., subprocess.Popen[str]], context: Context
) -> None:
    """A thread, children, also in sessions of their own, and hooks. The output of bench ends with bench."""
    cells = [make_cell(name) for name in ("Lingers", "Forks", "Hooks")]
    with bench(*cells, jobs=2, grace=1.0) as process:
        assert process.communicate(timeout=300) == ("", None) and process.returncode == 0
    assert [read_record(context.runs / cell.id).status for cell in cells] == ["done"] * 3


def test_a_plug_in_that_floods_its_log_fills_no_disk(make_cell: Callable[..., Cell], context: Context) -> None:
    cell = make_cell("Floods")
    pool.run_all([cell], context, 1, lambda: None, None)
    assert read_record(context.runs / cell.id).status == "done"
    log = (context.runs / cell.id / "output.log").read_bytes()
    assert len(log) == output_log.MOST and log.startswith(b"x" * 2**20)
    assert log.endswith(b"\n[bench: what is printed beyond 16,777,216 bytes is dropped]\n")


def test_plug_ins_print_into_the_log_of_their_cell(
    make_cell: Callable[..., Cell], bench: Callable[..., subprocess.Popen[str]], context: Context
) -> None:
    prints, silent = make_cell("Prints"), make_cell("Hooks")
    with bench(prints, silent, grace=0.1) as process:
        assert process.communicate(timeout=300) == ("", None)
    log = (context.runs / prints.id / "output.log").read_text(encoding="utf-8")
    for text in ("by Python \\udcff", "by the system\n", "as an error\n", "by a child\n"):
        assert log.count(text) == 2, log
    assert not (context.runs / silent.id / "output.log").exists()


@pytest.mark.parametrize("name", ["Loops", "Halts"])
def test_a_cell_without_news_is_ended_and_not_tried_again(
    make_cell: Callable[..., Cell], context: Context, name: str
) -> None:
    cell = make_cell(name)
    assert run(replace(context, time_limit=1.0), 1, cell) == ["timed out"]
    assert error_of(cell, context) == f"{name}: no epoch ended in 1 s, which is --time-limit"
    assert attempts(cell, context) <= 1


def test_a_cell_that_uses_too_much_memory_is_ended_alone(
    make_cell: Callable[..., Cell], context: Context, tmp_path: Path
) -> None:
    """The memory is that of its child. If both were seen above the limit before it alone was, it was tried again."""
    hogs, waits = make_cell("Hogs"), make_cell("Waits")

    def go() -> None:
        if read_record(context.runs / hogs.id).status in ("interrupted", "out of memory"):
            (tmp_path / "go").touch()

    limited = replace(context, memory_limit=2**29)
    assert run(limited, 2, hogs, waits, tick=go) == ["out of memory", "done"]
    assert attempts(waits, context) == 1 and attempts(hogs, context) <= 2
    assert re.fullmatch(r"Hogs: it used 0\.[5-9]\d GiB of 0\.50 GiB, which is --memory-limit", error_of(hogs, context))


def test_cells_that_use_too_much_together_are_not_called_the_cause(
    make_cell: Callable[..., Cell], context: Context, tmp_path: Path
) -> None:
    """The larger one is ended, and tried again alone."""
    cells = [make_cell("Shares", seed=seed) for seed in range(2)]

    def go() -> None:
        if any(read_record(context.runs / cell.id).last(Interrupted) for cell in cells):
            (tmp_path / "go").touch()

    assert run(replace(context, memory_limit=5 * 2**27), 2, *cells, tick=go) == ["done"] * 2
    assert sorted(attempts(cell, context) for cell in cells) == [1, 2]
    (death,) = (death for cell in cells for death in read_record(context.runs / cell.id).all(Interrupted))
    assert death.error is not None and death.error.startswith("the cells together used ")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_cell_that_finds_no_memory_is_tried_again_only_if_others_ran(
    make_cell: Callable[..., Cell], context: Context, tmp_path: Path, jobs: int
) -> None:
    lacks, waits = make_cell("Lacks"), make_cell("Waits")

    def go() -> None:
        if any(event.NAME == "out of memory" for event in read_record(context.runs / lacks.id).events):
            (tmp_path / "go").touch()

    states = run(context, jobs, lacks, waits, tick=go)
    assert states == (["out of memory", "done"] if jobs == 1 else ["done", "done"])
    assert attempts(lacks, context) == jobs
    if jobs == 1:
        assert error_of(lacks, context) == "Lacks: MemoryError: no room for 7 GiB"
