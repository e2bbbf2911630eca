"""`bench run` with its runs, its tables or its MLflow store on a real disk that is full."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

pytestmark = pytest.mark.slow

SHELF = Path(__file__).parent.parent.parent / "shelf"
LACK = r"No space left on device; [\d,]+ bytes are needed, [\d,]+ are free"
SCENARIO = """
import json, os, subprocess, sys
from pathlib import Path

disk, filler, here = Path("disk"), Path("disk/filler"), Path.cwd()

def bench(*arguments, **environment):
    ended = subprocess.run([sys.executable, "-m", "bench", *arguments], capture_output=True, text=True,
                           env=os.environ | environment)
    return {"code": ended.returncode, "out": ended.stdout, "err": ended.stderr}

def fill():
    room = os.statvfs(disk)
    filler.write_bytes(bytes(room.f_bavail * room.f_frsize))

run = ["run", "-d", "words.py:Words", "--preset", "smoke", "--jobs", "1"]
full = {"FULL_AT": "training", "FULL_PAGES": "0", "FULL_FOLDER": str(disk.absolute())}
found = {}
if sys.argv[1] == "runs":
    both = [*run, "-b", "trainers.py:Tiny", "-b", "full.py:Fills", "--set", "Fills.epochs=60"]
    found["full"] = bench(*both, "--runs", "disk/runs", **full)
    filler.unlink()
    found["again"] = bench(*both, "--runs", "disk/runs", FULL_AT="")
    found["calm"] = bench(*both, "--runs", "calm", "--out", "calm-results", FULL_AT="")
elif sys.argv[1] == "tables":
    Path("disk/out").mkdir()
    fill()
    found["full"] = bench(*run, "-b", "trainers.py:Tiny", "--out", "disk/out")
    found["left"] = sorted(path.name for path in Path("disk/out").rglob("*") if path.is_file())
    filler.unlink()
    found["again"] = bench("report", "--out", "disk/out")
else:
    fill()
    store = ["--tracking-uri", "sqlite:///disk/mlflow.db"]
    found["full"] = bench(*run, "-b", "trainers.py:Tiny", *store)
    found["left"] = sorted(path.name for path in disk.iterdir() if path.is_file() and path.stat().st_size)
    filler.unlink()
    found["again"] = bench("sync", *store)
print(json.dumps(found))
"""


@pytest.fixture
def play(
    on_small_disk: Callable[..., CompletedProcess[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int, str], dict[str, Any]]:
    """Play a scenario on a disk of so many bytes; return what the commands printed."""
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "cache"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for name in ("full.py", "words.py", "trainers.py"):
        shutil.copy(SHELF / name, tmp_path)

    def play(size: int, what: str) -> dict[str, Any]:
        ended = on_small_disk(size, "-c", SCENARIO, what)
        assert ended.returncode == 0, ended.stderr
        found: dict[str, Any] = json.loads(ended.stdout)
        return found

    return play


def test_a_full_runs_folder_fails_the_cell_alone_and_then_gives_the_same_tables(play: Any, tmp_path: Path) -> None:
    found = play(2**20, "runs")
    full = found["full"]
    assert full["code"] == 1 and not full["err"], full
    told = r"failed: Words Fills\[epochs=60\]: cannot write \S+/journal.jsonl: .* are free"
    assert re.search(told, full["out"]), full
    assert "Words Tiny seed 0: " in full["out"] and "Tables: " in full["out"]
    assert found["again"]["code"] == found["calm"]["code"] == 0, found["again"]
    (table,) = (tmp_path / "results" / "smoke").glob("table-*.md")
    assert table.read_bytes() == (tmp_path / "calm-results" / "smoke" / table.name).read_bytes()


def test_a_full_folder_of_tables_is_one_line_and_keeps_the_work(play: Any) -> None:
    found = play(8 * 2**20, "tables")
    assert found["full"]["code"] == 2 and found["left"] == []
    assert re.search(rf"^bench: cannot write the report to disk/out/smoke: {LACK}$", found["full"]["err"], re.M)
    assert "Words Tiny seed 0: " in found["full"]["out"] and found["again"]["code"] == 0, found


def test_a_full_store_stops_nothing_and_is_filled_later(play: Any) -> None:
    found = play(16 * 2**20, "store")
    assert found["full"]["code"] == 0 and found["left"] == ["filler"], found
    lines = [line for line in found["full"]["out"].splitlines() if "MLflow" in line]
    assert len(lines) == 2 and all("full" in line or "No space" in line for line in lines)
    assert "Tables: " in found["full"]["out"]
    assert found["again"]["code"] == 0 and "2 cells in MLflow" in found["again"]["out"], found["again"]
