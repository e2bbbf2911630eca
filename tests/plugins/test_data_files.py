"""Data files that a plug-in names: an edit counts as new code, and an absent file gives a one-line error."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.contracts.errors import BenchError
from bench.plugins import data_files
from bench.plugins import loading as plugins
from bench.plugins.checksum import checksum

SHELF = Path(__file__).parent.parent / "shelf" / "data"
FILES = {
    **{name: (SHELF / name).read_text() for name in ("arm.py", "helper.py")},
    "words.txt": "one two\n",
    "lexicon/a.txt": "a",
    "lexicon/inner/b.txt": "b",
    "deep/numbers.bin": "1",
    "deep/other.bin": "2",
}


@pytest.fixture
def arm(tmp_path: Path) -> str:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return f"{tmp_path}/arm.py:Arm"


def test_an_edit_of_a_named_file_is_an_edit_of_the_plug_in(arm: str, tmp_path: Path) -> None:
    before, found = checksum(arm), set()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text + "\n")
        if checksum(arm) != before:
            found.add(name)
        (tmp_path / name).write_text(text)
    assert found == set(FILES) - {"deep/other.bin"} and checksum(arm) == before
    (tmp_path / "lexicon" / "inner" / "b.txt").rename(tmp_path / "lexicon" / "c.txt")
    assert checksum(arm) != before
    (tmp_path / "lexicon" / "new.txt").write_text("")
    assert checksum(arm) != before


def test_a_plug_in_is_loaded_again_after_an_edit(arm: str, tmp_path: Path) -> None:
    assert plugins.load("bench.baselines", arm).Settings().first == "one"
    (tmp_path / "words.txt").write_text("three\n")
    assert plugins.load("bench.baselines", arm).Settings().first == "three"


def test_an_absent_file_is_one_line(arm: str, tmp_path: Path) -> None:
    (tmp_path / "deep" / "numbers.bin").unlink()
    for ask in (checksum, lambda reference: plugins.load("bench.baselines", reference)):
        with pytest.raises(BenchError) as caught:
            ask(arm)
        told = f"cannot read {tmp_path}/deep/numbers.bin, which DATA_FILES of {tmp_path}/helper.py names: No such file"
        assert str(caught.value).startswith(told) and "\n" not in str(caught.value)


@pytest.mark.parametrize("value", ['"words.txt"', "tuple(names())", "(1, 2)", "(*OTHERS,)", "[WORDS]", "{'a': 1}"])
def test_names_that_are_not_written_out_are_refused(arm: str, tmp_path: Path, value: str) -> None:
    (tmp_path / "arm.py").write_text(f"x = 1\nDATA_FILES = {value}\n")
    with pytest.raises(BenchError, match=r'arm\.py line 2: write DATA_FILES out, as in DATA_FILES = \("words\.txt",\)'):
        checksum(arm)


def test_only_the_modules_own_names_count(tmp_path: Path) -> None:
    text = "class A:\n    DATA_FILES = ('none.txt',)\ndef f():\n    DATA_FILES = 3\nDATA_FILES: tuple[str, ...]\n"
    assert data_files.lines(tmp_path / "a.py", text.encode()) == []
    assert data_files.lines(tmp_path / "a.py", b"no python (") == []


@given(st.binary(max_size=60))
def test_whatever_a_file_holds_it_can_be_looked_at(content: bytes) -> None:
    assert isinstance(data_files.lines(Path("a.py"), content), list)
