"""A plug-in's helpers are the files beside it, as they are now, whatever else this process has loaded."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.contracts.errors import BenchError
from bench.plugins import loading as plugins

PLUGIN = """
from dataclasses import dataclass

import helpers
from pack import deep


@dataclass(frozen=True)
class Knobs:
    value: int = helpers.VALUE


class Arm:
    Settings = Knobs

    def phases(self):
        import late
        from pack import deep as inner
        return helpers.VALUE, deep.VALUE, inner.VALUE, late.VALUE

    def state(self): return {}
"""

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    """Write a plug-in with its helpers into a folder; its reference."""
    before, names = list(sys.path), ("helpers", "late", "pack", "pack.deep")
    others = {name: sys.modules.pop(name) for name in names if name in sys.modules}

    def write(folder: str, value: int, *files: str, plugin: str = PLUGIN) -> str:
        for name in files or ("arm.py", "helpers.py", "late.py", "pack/__init__.py", "pack/deep.py"):
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(plugin if name == "arm.py" else f"VALUE = {value}\n")
        return f"{tmp_path}/{folder}/arm.py:Arm"

    yield write
    sys.path[:] = before
    for name in names:
        sys.modules.pop(name, None)
    sys.modules.update(others)


def load(reference: str) -> Any:
    return plugins.load("bench.baselines", reference)


def test_two_plug_ins_each_have_helpers_of_their_own(write: Write) -> None:
    one, two = write("one", 1), write("two", 22)
    first, second = load(one), load(two)
    assert (first.Settings().value, second.Settings().value) == (1, 22)
    assert load(one)().phases() == (1, 1, 1, 1) and load(two)().phases() == (22, 22, 22, 22)
    held = sys.modules["late"]
    assert load(one) is first and load(one)().phases() == (1, 1, 1, 1)
    assert load(two) is second and sys.modules["late"] is held, "what was put aside comes back, it is not made again"


def test_two_plug_ins_of_one_folder_share_their_helpers(write: Write, tmp_path: Path) -> None:
    one = write("one", 1)
    (tmp_path / "one" / "other.py").write_text(PLUGIN.replace("deep as inner", "deep as inner  # the other"))
    first, second = load(one), load(f"{tmp_path}/one/other.py:Arm")
    assert first is not second
    modules = [vars(sys.modules[cls.__module__])["helpers"] for cls in (first, second)]
    assert modules[0] is modules[1]


@pytest.mark.parametrize("edited", ["helpers.py", "late.py", "pack/deep.py"])
def test_an_edited_helper_is_read_again(write: Write, edited: str) -> None:
    reference = write("one", 1)
    assert load(reference)().phases() == (1, 1, 1, 1)
    write("one", 333, edited)
    expected = {"helpers.py": (333, 1, 1, 1), "late.py": (1, 1, 1, 333), "pack/deep.py": (1, 333, 333, 1)}
    assert load(reference)().phases() == expected[edited]


def test_a_helper_that_another_file_stands_before_is_refused(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = write("one", 1)
    write("elsewhere", 22, "helpers.py")
    monkeypatch.syspath_prepend(str(tmp_path / "elsewhere"))
    with pytest.raises(BenchError, match=r"one/arm\.py imports helpers, and Python finds .*elsewhere/helpers\.py befo"):
        load(reference)


def test_a_library_stays_where_it_is(write: Write) -> None:
    import torch

    write("one", 1)
    reference = write("one", 1, "arm.py", "torch.py", plugin="import torch\n" + PLUGIN)
    for _ in range(2):
        with pytest.raises(BenchError, match=r"imports torch, and Python finds .*torch/__init__\.py before"):
            load(reference)
    assert sys.modules["torch"] is torch
