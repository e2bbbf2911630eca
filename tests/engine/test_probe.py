"""A plug-in whose import ends its process, or does not end, is told before this process imports it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.engine.probe import refuse_deadly

SHELF = Path(__file__).parents[1] / "shelf"
DEADLY = {
    "os._exit(0)": "import os\nos._exit(0)\n",
    "os._exit(7)": "import os\nos._exit(7)\n",
    "a signal": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "another program": "import os\nos.execv('/bin/true', ['true'])\n",
}


@pytest.mark.parametrize("code", DEADLY.values(), ids=DEADLY)
def test_an_import_that_ends_its_process_is_told(tmp_path: Path, code: str) -> None:
    path = tmp_path / "deadly.py"
    path.write_text(code)
    with pytest.raises(BenchError, match=r"deadly\.py:A: its import ends the process"):
        refuse_deadly([("bench.baselines", f"{path}:A")])


def test_an_import_that_does_not_end_is_told_and_ended(tmp_path: Path) -> None:
    path = tmp_path / "endless.py"
    path.write_text("import time\nwhile True:\n    time.sleep(1)\n")
    with pytest.raises(BenchError, match=r"endless\.py:A: its import takes more than 0 s"):
        refuse_deadly([("bench.baselines", f"{path}:A")], longest=0.1)


@pytest.mark.parametrize("code", ["raise SystemExit(0)\n", "1 / 0\n", "import nowhere_at_all\n", "not python\n"])
def test_an_import_that_fails_is_left_to_the_plan(tmp_path: Path, code: str) -> None:
    path = tmp_path / "fails.py"
    path.write_text(code)
    refuse_deadly([("bench.baselines", f"{path}:A")])


def test_sound_plug_ins_and_our_own_pass(tmp_path: Path) -> None:
    refuse_deadly([("bench.baselines", f"{SHELF / 'trainers.py'}:Tiny"), ("bench.baselines", "mle")])
    refuse_deadly([("bench.baselines", f"{tmp_path / 'missing.py'}:A"), ("bench.datasets", "nothing")])
