"""A plug-in's siblings are the files beside it, as they are now, whatever else this process has loaded."""

from __future__ import annotations

import importlib
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bench.contracts.errors import BenchError
from bench.plugins import folders
from bench.plugins import loading as plugins
from bench.plugins.checksum import checksum

SHELF = Path(__file__).parent.parent / "shelf"
PLUGIN = (SHELF / "siblings" / "arm.py").read_text()

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    """Write a plug-in with its siblings into a folder; return its reference. Python's own tables stay as they are."""
    before, modules = list(sys.path), set(sys.modules)

    def write(folder: str, value: int, *files: str, plugin: str = PLUGIN) -> str:
        for name in files or ("arm.py", "helpers.py", "late.py", "pack/__init__.py", "pack/deep.py"):
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(plugin if name.endswith("arm.py") else f"VALUE = {value}\n")
        return f"{tmp_path}/{folder}/arm.py:Arm"

    yield write
    assert sys.path == before
    assert not {name for name in set(sys.modules) - modules if name.partition(".")[0] in ("helpers", "late", "pack")}
    assert not list(tmp_path.rglob("__pycache__"))


def load(reference: str) -> Any:
    return plugins.load("bench.baselines", reference)


def test_two_plug_ins_each_have_siblings_of_their_own(write: Write) -> None:
    one, two = write("one", 1), write("two", 2)
    first, second = load(one), load(two)
    assert (first.Settings().value, second.Settings().value) == (1, 2)
    assert first().phases() == (1, 1, 1, 1) and second().phases() == (2, 2, 2, 2)
    assert load(one) is first and load(two) is second
    assert first().phases() == (1, 1, 1, 1) and second().phases() == (2, 2, 2, 2)


def test_two_plug_ins_of_one_folder_share_their_siblings(write: Write, tmp_path: Path) -> None:
    one = write("one", 1)
    (tmp_path / "one" / "other.py").write_text(PLUGIN.replace("deep as inner", "deep as inner  # the other"))
    first, second = load(one), load(f"{tmp_path}/one/other.py:Arm")
    assert first is not second
    modules = [vars(sys.modules[cls.__module__])["helpers"] for cls in (first, second)]
    assert modules[0] is modules[1]
    write("one", 2, "helpers.py")
    assert load(one).Settings().value == load(f"{tmp_path}/one/other.py:Arm").Settings().value == 2


@pytest.mark.parametrize("edited", ["helpers.py", "late.py", "pack/deep.py"])
def test_an_edited_sibling_is_read_again(write: Write, edited: str) -> None:
    """Within a second, and at the same size: Python's cache of bytecode would not see it."""
    reference = write("one", 1)
    before = load(reference)
    assert before().phases() == (1, 1, 1, 1)
    write("one", 3, edited)
    expected = {"helpers.py": (3, 1, 1, 1), "late.py": (1, 1, 1, 3), "pack/deep.py": (1, 3, 3, 1)}
    assert load(reference)().phases() == expected[edited] and before().phases() == (1, 1, 1, 1)
    write("one", 1, edited)
    assert load(reference)().phases() == (1, 1, 1, 1)


def test_a_sibling_that_is_new_is_found(write: Write, tmp_path: Path) -> None:
    reference = write("one", 1, "arm.py", "helpers.py", "pack/deep.py")
    with pytest.raises(ImportError, match="late"):
        load(reference)().phases()
    write("one", 2, "late.py")
    assert load(reference)().phases() == (1, 1, 1, 2), "pack needs no __init__.py"


def test_what_else_has_a_siblings_name_does_not_matter(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    reference = write("one", 1, plugin="import torch\n" + PLUGIN.replace("from . import late", "from . import torch"))
    write("one", 5, "torch.py")
    write("elsewhere", 22, "helpers.py")
    monkeypatch.syspath_prepend(str(tmp_path / "elsewhere"))
    stranger = ModuleType("helpers")
    monkeypatch.setitem(sys.modules, "helpers", stranger)
    module = sys.modules[load(reference).__module__]
    assert load(reference).Settings().value == 1 and vars(module)["torch"] is torch
    assert sys.modules["helpers"] is stranger
    monkeypatch.undo()


def test_objects_are_pickled_before_and_after_an_edit(write: Write) -> None:
    reference = write("one", 1)
    before = load(reference)
    write("one", 2, "helpers.py")
    for cls, value in ((before, 1), (load(reference), 2)):
        again = pickle.loads(pickle.dumps((cls, cls.Settings())))
        assert again == (cls, cls.Settings()) and again[1].value == value


def test_a_link_to_a_plug_in_is_the_plug_in(write: Write, tmp_path: Path) -> None:
    reference, link = write("one", 1), tmp_path / "elsewhere" / "link.py"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "one" / "arm.py")
    assert load(f"{link}:Arm") is load(reference) and checksum(f"{link}:Arm") == checksum(reference)
    (tmp_path / "folder").symlink_to(tmp_path / "one")
    assert load(f"{tmp_path}/folder/arm.py:Arm") is load(reference)


@pytest.mark.parametrize("name", ["v1.2 of 100%@home/my-arm.py", "名/v2.arm.py"])
def test_any_name_of_a_file_will_do(write: Write, tmp_path: Path, name: str) -> None:
    folder = Path(name).parent.name
    write(folder, 7)
    path = (tmp_path / folder / "arm.py").rename(tmp_path / name)
    cls = load(f"{path}:Arm")
    assert cls.Settings().value == 7 and pickle.loads(pickle.dumps(cls)) is cls


def test_a_name_that_is_not_in_utf_8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="the name is not in UTF-8: rename the file"):
        load(f"{tmp_path}/{os.fsdecode(bytes([255]))}/arm.py:Arm")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "from . import nothing",
            r"arm\.py line 1: ImportError: cannot import name 'nothing' from the plug-in's folder$",
        ),
        ("from .nothing import x", r"arm\.py line 1: ModuleNotFoundError: No module named 'nothing'$"),
        (
            "from .. import shared",
            r"arm\.py line 1: ImportError: cannot import name 'shared' from the plug-in's folder$",
        ),
        ("from ..shared import x", r"arm\.py line 1: ModuleNotFoundError: No module named 'shared'$"),
    ],
)
def test_an_import_of_what_is_not_there_is_one_plain_line(write: Write, line: str, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        load(write("one", 1, plugin=f"{line}\n{PLUGIN}"))


def test_no_other_module_is_taken_for_a_folder() -> None:
    for name in ("bench.plugins.folders.shared", "bench.plugins.folders.%2Fnone@1.arm"):
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(name)
    assert folders.plain("No module named 'torch.x'") == "No module named 'torch.x'"


SCRIPT = """
import sys

if __name__ == "__main__":
    from bench.plugins import loading as plugins

    before = list(sys.path)
    arm = plugins.load("bench.baselines", sys.argv[1])
    for context in sys.argv[2:]:
        answer, code = arm().ask(context)
        assert isinstance(answer, arm.Settings) and answer.size == 70 and code == 0
    assert sys.path == before
"""


def test_children_of_each_kind_import_the_plug_in(tmp_path: Path) -> None:
    place = shutil.copytree(SHELF / "spawns", tmp_path / "a folder's name")
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, str(tmp_path / "script.py"), f"{place}/arm.py:Arm", "fork", "spawn", "forkserver"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
