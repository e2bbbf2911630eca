"""A look at a plug-in has a process of its own: whatever its import does, this process goes on and knows only data."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.contracts.guards.plugin import Group
from bench.engine.probe import apart
from bench.plugins import loading

BASELINES: Group = "bench.baselines"
SHELF = Path(__file__).parents[1] / "shelf"
DEADLY = {
    "os._exit(0)": "import os\nos._exit(0)\n",
    "os._exit(7)": "import os\nos._exit(7)\n",
    "a signal": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "another program": "import os\nos.execv('/bin/true', ['true'])\n",
}


def look(text: str, longest: float = 120.0) -> str:
    """Return the name of a plug-in's class, which another process tells."""
    return apart([(BASELINES, text)], name_of, text, longest=longest)


def name_of(text: str) -> str:
    return f"{loading.load(BASELINES, text).__name__} by {os.getpid()}"


@pytest.mark.parametrize("code", DEADLY.values(), ids=DEADLY)
def test_an_import_that_ends_its_process_is_told(tmp_path: Path, code: str) -> None:
    path = tmp_path / "deadly.py"
    path.write_text(code)
    with pytest.raises(BenchError, match=r"deadly\.py:A: its import ends the process"):
        look(f"{path}:A")


def test_an_import_that_does_not_end_is_told_and_ended(tmp_path: Path) -> None:
    path = tmp_path / "endless.py"
    path.write_text("import time\nwhile True:\n    time.sleep(1)\n")
    with pytest.raises(BenchError, match=r"endless\.py:A: its import takes more than 0 s"):
        look(f"{path}:A", longest=0.1)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise SystemExit(0)\n", "cannot import .*SystemExit"),
        ("1 / 0\n", "line 1: ZeroDivisionError"),
        ("import nowhere_at_all\n", "No module named 'nowhere_at_all'"),
        ("is not python\n", "SyntaxError"),
    ],
)
def test_an_import_that_fails_is_told_as_it_is_here(tmp_path: Path, code: str, told: str) -> None:
    path = tmp_path / "fails.py"
    path.write_text(code)
    with pytest.raises(BenchError, match=told):
        look(f"{path}:A")


def test_a_plug_in_is_imported_elsewhere_and_one_of_ours_here(tmp_path: Path) -> None:
    theirs, ours = look(f"{SHELF / 'trainers.py'}:Tiny"), look("mle")
    assert theirs.startswith("Tiny by ") and theirs != f"Tiny by {os.getpid()}" and ours == f"MLE by {os.getpid()}"
    assert not [name for name in sys.modules if "trainers" in name and "shelf" in name]
    with pytest.raises(BenchError, match="cannot read the plug-in"):
        look(f"{tmp_path / 'missing.py'}:A")


def test_packages_around_a_plug_in_are_not_imported_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "around").mkdir()
    (tmp_path / "around" / "__init__.py").write_text("raise ValueError('imported here')\n")
    shutil.copy(SHELF / "trainers.py", tmp_path / "around")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BenchError, match=r"cannot import around\.trainers.*ValueError: imported here"):
        look("around.trainers:Tiny")
    assert "around" not in sys.modules


def test_what_is_printed_appears_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "prints.py"
    path.write_text(f"import sys\nprint('hello')\nprint('oh', file=sys.stderr)\n{(SHELF / 'my_gan.py').read_text()}")
    path.write_text(path.read_text().replace("from __future__ import annotations\n", ""))
    assert look(f"{path}:MyGan").startswith("MyGan")
    assert capsys.readouterr() == ("hello\n", "oh\n")


def tell(text: str) -> object:
    return loading.load(BASELINES, text)()


def test_an_object_of_a_plug_in_does_not_come_back(tmp_path: Path) -> None:
    text = f"{shutil.copy(SHELF / 'my_gan.py', tmp_path)}:MyGan"
    with pytest.raises(BenchError, match=r"a knob or a fact is a .*my_gan\.MyGan; give numbers"):
        apart([(BASELINES, text)], tell, text)
