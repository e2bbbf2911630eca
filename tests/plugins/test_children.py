"""Processes that a plug-in spawns find its classes, and its helpers' classes, by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = """
import multiprocessing
from dataclasses import dataclass
import rows


@dataclass(frozen=True)
class Knobs:
    size: int = 3


class Doubles:
    def __init__(self, size): self.size = size
    def __call__(self, row): return Knobs(2 * row.value * self.size)


def worker(queue, inbox):
    function, row = inbox.get()
    queue.put(function(row))


class Arm:
    Settings = Knobs
    def phases(self): return []
    def state(self): return {}

    def ask(self, context):
        context = multiprocessing.get_context(context)
        queue, inbox = context.Queue(), context.Queue()
        child = context.Process(target=worker, args=(queue, inbox))
        child.start()
        inbox.put((Doubles(5), rows.Row(7)))
        answer = queue.get(timeout=60)
        child.join()
        return answer, child.exitcode
"""
SCRIPT = """
import sys
from multiprocessing.util import get_temp_dir

if __name__ == "__main__":
    from bench.plugins import loading as plugins

    arm = plugins.load("bench.baselines", sys.argv[1])
    answer, code = arm().ask(sys.argv[2])
    assert isinstance(answer, arm.Settings) and answer.size == 70 and code == 0
    print(get_temp_dir())
"""


@pytest.mark.parametrize("context", ["spawn", "forkserver"])
def test_a_child_imports_the_plug_in(tmp_path: Path, context: str) -> None:
    place = tmp_path / "a folder's name"
    place.mkdir()
    (place / "arm.py").write_text(PLUGIN)
    (place / "rows.py").write_text("class Row:\n    def __init__(self, value): self.value = value\n")
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, str(tmp_path / "script.py"), f"{place}/arm.py:Arm", context]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert not Path(ended.stdout.strip()).exists(), "nothing is left behind"


def test_a_plug_in_loads_where_no_temporary_folder_can_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.plugins import loading as plugins

    def none() -> str:
        raise FileNotFoundError("No usable temporary directory")

    monkeypatch.setattr("multiprocessing.util.get_temp_dir", none)
    (tmp_path / "arm.py").write_text(PLUGIN.replace("import rows", ""))
    assert plugins.load("bench.baselines", f"{tmp_path}/arm.py:Arm").Settings().size == 3
