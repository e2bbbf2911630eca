"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import socket
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.files import (
    as_text,
    checksum,
    plain_bytes,
    plain_file,
    read_bytes,
    read_object,
    read_scores,
    read_text,
    safe_name,
    telling_room,
    write_whole,
)


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


@pytest.mark.skipif(os.name != "posix", reason="files of POSIX")
@pytest.mark.parametrize("append", [False, True])
def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path, append: bool) -> None:
    """To open a pipe waits for its other end, and /dev/zero has none."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir()
    opened = Path("/proc/self/fd")
    before = len([*opened.iterdir()]) if opened.exists() else None
    for name in ("pipe", "zero", "folder", "none/at all"):
        with pytest.raises(OSError), plain_file(tmp_path / name, append=append):
            pass
    assert before is None or len([*opened.iterdir()]) == before


def test_a_plain_file_is_read_and_appended_to(tmp_path: Path) -> None:
    for part in (b"one", b"two"):
        with plain_file(tmp_path / "file", append=True) as file:
            file.write(part)
    assert plain_bytes(tmp_path / "file") == b"onetwo"


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


def test_a_checksum_is_that_of_the_content_or_of_the_names_and_sums_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "inner" / "deep").mkdir(parents=True)
    (tmp_path / "inner" / "b.txt").write_bytes(b"b")
    (tmp_path / "inner" / "deep" / "a.txt").write_bytes(b"a")
    one, other = (hashlib.sha256(content).hexdigest() for content in (b"b", b"a"))
    assert checksum(tmp_path / "inner" / "b.txt") == one
    listed = f"b.txt {one}\ndeep/a.txt {other}\n"
    assert checksum(tmp_path / "inner") == hashlib.sha256(listed.encode()).hexdigest()
    with pytest.raises(BenchError, match=rf"^cannot read {tmp_path}/none: No such file or directory$"):
        checksum(tmp_path / "none")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("mle[hidden=8]", "mle[hidden=8]"),
        ("北京", "北京"),
        ("../../etc", "_._.._etc-"),
        ("text:a b", "text_a_b-"),
        (".hidden", "_hidden-"),
        ("a" * 81, "a" * 80 + "-"),
        ("", "-"),
    ],
)
def test_a_safe_name_is_a_file_in_its_folder(name: str, plain: str, tmp_path: Path) -> None:
    safe = safe_name(name)
    assert safe == plain or re.fullmatch(rf"{re.escape(plain)}[0-9a-f]{{6}}", safe)
    (tmp_path / safe).write_text("")
    assert [path.name for path in tmp_path.iterdir()] == [safe]


def test_safe_names_are_told_apart() -> None:
    assert len({safe_name(name) for name in ("a:b", "a/b", "a_b", "a b", "a" * 90, "a" * 91)}) == 6


def test_text_is_read_without_its_mark_or_the_line_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo")
    assert read_text(path) == "one\r\ntwo"
    path.write_bytes(b"one\r\ntwo\rcaf\xe9 au lait")
    message = rf"^the preset {path}, line 3: not UTF-8 \(invalid continuation byte\); save it again$"
    with pytest.raises(BenchError, match=message):
        read_text(path, "the preset ", "save it again")
    with pytest.raises(BenchError, match=r"^here: not UTF-16 "):
        as_text(b"\xff\xfea", "here", encoding="utf-16")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no /dev/zero")
def test_what_does_not_end_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for path, what in ((Path("/dev/zero"), "device"), (tmp_path / "fifo", "pipe"), (tmp_path / "socket", "socket")):
            for read in (read_bytes, checksum):
                with pytest.raises(BenchError, match=f"^{path} is a {what}: give a file$"):
                    read(path)
    (tmp_path / "link").symlink_to("/dev/zero")
    with pytest.raises(BenchError, match="link is a device"):
        read_bytes(tmp_path / "link")


def test_a_lack_of_room_says_what_is_needed_and_free(tmp_path: Path) -> None:
    told = r"No space left on device; 1,234 bytes are needed, [\d,]+ are free"
    with pytest.raises(OSError, match=told) as lack, telling_room(tmp_path / "file", 1234):
        raise OSError(errno.ENOSPC, "full")
    assert lack.value.filename == str(tmp_path / "file") and lack.value.errno == errno.ENOSPC
    with pytest.raises(PermissionError, match="no entry"), telling_room(tmp_path, 1):
        raise PermissionError(errno.EACCES, "no entry")
