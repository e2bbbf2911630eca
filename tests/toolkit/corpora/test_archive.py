"""Archives are read in memory, and nothing in them is trusted."""

from __future__ import annotations

import io
import random
import stat
import struct
import zipfile
from collections.abc import Callable

import pytest

from bench.contracts.errors import BenchError
from bench.toolkit.corpora import archive


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as file:
        for name, content in entries:
            file.writestr(name, content)
    return stream.getvalue()


def test_wanted_members_come_in_order_of_name() -> None:
    content = zipped(("b/2.mid", b"two"), ("a/1.MID", b"one"), ("readme.txt", b"no"), ("d.mid/", b""))
    assert list(archive.members(content, "file", ".mid")) == [("a/1.MID", b"one"), ("b/2.mid", b"two")]


@pytest.mark.parametrize("name", ["../x.mid", "a/../../x.mid", "/x.mid", "C:/x.mid", "a\\..\\x.mid", "\\\\host\\x.mid"])
def test_names_that_lead_out_are_refused(name: str) -> None:
    info = zipfile.ZipInfo()
    info.filename = name  # past ZipInfo's own cleaning of names
    content = zipped(("a.mid", b"fine"), (info, b"x"))
    with pytest.raises(BenchError, match="leads out of the archive"):
        list(archive.members(content, "file", ".mid"))


def test_names_that_are_no_text_are_refused() -> None:
    content = zipped(("é.mid", b"fine")).replace("é".encode(), b"\xc3\x28")
    with pytest.raises(BenchError, match="not a sound zip archive"):
        list(archive.members(content, "file", ".mid"))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_odd_ways_of_packing_are_refused(method: int) -> None:
    with pytest.raises(BenchError, match="is packed by method"):
        list(archive.members(zipped(("a.mid", b"fine"), method=method), "file", ".mid"))


@pytest.mark.parametrize("seed", range(40))
def test_damage_is_one_line(seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(zipped(*((f"{n}.mid", chance.randbytes(40) * 9) for n in range(5))))
    for _ in range(3):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    try:
        list(archive.members(bytes(content), "file", ".mid"))
    except BenchError as error:
        assert "\n" not in str(error)


def test_links_are_refused() -> None:
    link = zipfile.ZipInfo("link.mid")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(BenchError, match="is a link"):
        list(archive.members(zipped((link, b"/etc/passwd")), "file", ".mid"))


@pytest.mark.parametrize("kind", [stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_devices_are_refused(kind: int) -> None:
    device = zipfile.ZipInfo("zero.mid")
    device.external_attr = (kind | 0o666) << 16
    with pytest.raises(BenchError, match=r"'zero.mid' is neither a file nor a folder"):
        list(archive.members(zipped(("a.mid", b"fine"), (device, b"")), "file", ".mid"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused() -> None:
    with pytest.raises(BenchError, match=r"'a.mid' is there 2 times"):
        list(archive.members(zipped(("a.mid", b"one"), ("b.mid", b"x"), ("a.mid", b"two")), "file", ".mid"))


def test_a_bomb_is_refused_by_its_header() -> None:
    content = zipped(("bomb.mid", bytes(archive.MOST_BYTES_EACH + 1)))
    assert len(content) < 10_000
    with pytest.raises(BenchError, match="refused"):
        list(archive.members(content, "file", ".mid"))


def test_a_bomb_whose_header_lies_is_refused() -> None:
    size = archive.MOST_BYTES_EACH * 3
    content = zipped(("bomb.mid", bytes(size))).replace(struct.pack("<I", size), struct.pack("<I", 10))
    with pytest.raises(BenchError, match=r"refused|sound"):
        list(archive.members(content, "file", ".mid"))


def test_many_small_files_are_refused_in_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    content = zipped(*((f"{number}.mid", bytes(100)) for number in range(20)))
    with pytest.raises(BenchError, match="too much"):
        list(archive.members(content, "file", ".mid", most=1_000))
    with pytest.raises(BenchError, match=r"'0\.mid' holds 100 bytes; at most 99 are read"):
        list(archive.members(content, "file", ".mid", most_each=99))
    monkeypatch.setattr(archive, "MOST_ENTRIES", 19)
    with pytest.raises(BenchError, match="20 entries"):
        list(archive.members(content, "file", ".mid"))


def broken_checksum(content: bytes) -> bytes:
    return content.replace(b"some bytes", b"other byte")


def encrypted(content: bytes) -> bytes:
    return content.replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")


@pytest.mark.parametrize("damage", [lambda _: b"", lambda _: b"no zip", lambda c: c[:-30], broken_checksum, encrypted])
def test_unsound_archives_are_one_line(damage: Callable[[bytes], bytes]) -> None:
    content = zipped(("a.mid", b"some bytes"), method=zipfile.ZIP_STORED)
    assert damage(content) != content
    with pytest.raises(BenchError, match=r"sound zip archive|is encrypted"):
        list(archive.members(damage(content), "file", ".mid"))
