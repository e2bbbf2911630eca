"""Whatever a plug-in raises is one line that names the last line reached in its own file."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.plugins.blame import blaming

CODE = """
import json


def direct():
    raise ValueError("too long\\nsecond line")


def deep():
    json.loads("{")


def quits():
    raise SystemExit(3)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "arm.py"
    path.write_text(CODE)
    return path


def told(file: Path, name: str, where: str) -> str:
    spec = importlib.util.spec_from_file_location("arm_to_blame", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(BenchError) as caught, blaming("score with", where):
        vars(module)[name]()
    return str(caught.value)


def test_the_line_of_the_plug_in_is_named(file: Path) -> None:
    where = f"{file}:Arm"
    assert told(file, "direct", where) == f"cannot score with {where}, arm.py line 6: ValueError: too long"


def test_a_line_of_the_plug_in_stands_before_those_of_libraries(file: Path) -> None:
    assert f"{file}:Arm, arm.py line 10: JSONDecodeError: Expecting property name" in told(file, "deep", f"{file}:Arm")


def test_of_a_module_the_last_line_outside_the_engine_is_named(file: Path) -> None:
    assert told(file, "direct", "arm:Arm").startswith("cannot score with arm:Arm, arm.py line 6:")


def test_an_exit_is_an_error_too(file: Path) -> None:
    assert told(file, "quits", f"{file}:Arm").endswith("arm.py line 14: SystemExit: 3")


def test_the_engine_and_pythons_imports_are_never_blamed() -> None:
    with pytest.raises(BenchError) as caught, blaming("import", "no_such_module_here"):
        importlib.import_module("no_such_module_here")
    assert "test_blame.py line" in str(caught.value) and "importlib" not in str(caught.value)


def test_a_bench_error_stays_as_it_is() -> None:
    error = BenchError("seqgan.k = 0: the least allowed is 1")
    with pytest.raises(BenchError) as caught, blaming("load the data of", "words.py:Words"):
        raise error
    assert caught.value is error
