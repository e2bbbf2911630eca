"""Whole files or none."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.files import read_bytes, read_object, read_scores, write_whole


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    for content in (b"first, and longer", b"second"):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert [found.name for found in path.parent.iterdir()] == ["file"]


def test_the_content_is_on_the_disk_before_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    story: list[object] = []
    replace = Path.replace
    monkeypatch.setattr(os, "fsync", lambda number: story.append(os.fstat(number).st_size))
    monkeypatch.setattr(Path, "replace", lambda path, to: story.append(to.name) or replace(path, to))
    write_whole(tmp_path / "file", b"seven b")
    assert story == [7, "file"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"1" * 5000])
def test_a_file_that_holds_no_object_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(BenchError, match=rf"^{re.escape(str(tmp_path))}/file is damaged \(.*\): remove it$"):
        read_object(tmp_path / "file", "remove it")


def test_where_it_fails_nothing_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "file", b"before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "file", b"after")
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("file", b"before")]


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BenchError, match=r"the corpus .*/pipe is a pipe: give a file"):
        read_bytes(tmp_path / "pipe", "the corpus ")


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more"])
def test_a_damaged_table_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "copy").write_bytes(content)
    with pytest.raises(BenchError, match=r"^store/scores\.parquet is damaged \(.*\): remove it$"):
        read_scores(tmp_path / "copy", "store/scores.parquet", "remove it")
