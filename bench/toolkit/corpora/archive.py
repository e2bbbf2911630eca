"""Read a zip archive in memory, without trust in its headers."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath

from bench.contracts.errors import BenchError, folded

MOST_ENTRIES = 20_000
MOST_BYTES_EACH = 4 * 2**20
MOST_BYTES = 256 * 2**20


def members(
    content: bytes,
    where: str,
    suffix: str | tuple[str, ...],
    *,
    most_each: int = MOST_BYTES_EACH,
    most: int = MOST_BYTES,
) -> Iterator[tuple[str, bytes]]:
    """Yield (name, bytes) of the files whose names end in `suffix`, or in one of several, sorted by name.

    Nothing is written to disk. A file holds at most `most_each` bytes, all files at most `most`.
    BenchError for too many entries, a name that leads out of the archive or is there twice, a link, a device,
    encryption, and a file that is too large, whatever its header claims. If the headers show it, before the first file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES:
                raise BenchError(f"{where}: {len(entries)} entries; at most {MOST_ENTRIES} are read")
            for info in entries:
                _check(info, where, most_each)
            _check_names(entries, where)
            wanted = sorted(_wanted(entries, suffix), key=lambda info: info.filename)
            yield from _contents(archive, wanted, where, most_each, most)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, ValueError, zlib.error) as error:
        raise BenchError(f"{where} is not a sound zip archive: {folded(error)}") from None


def _wanted(entries: list[zipfile.ZipInfo], suffix: str | tuple[str, ...]) -> Iterator[zipfile.ZipInfo]:
    return (info for info in entries if info.filename.lower().endswith(suffix) and not info.is_dir())


def _check(info: zipfile.ZipInfo, where: str, most_each: int) -> None:
    name = info.filename
    parts = {*PurePosixPath(name).parts, *PureWindowsPath(name).parts}
    if ".." in parts or PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor:
        raise BenchError(f"{where}: refused, the name {name!r} leads out of the archive")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise BenchError(f"{where}: refused, {name!r} is a link")
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BenchError(f"{where}: refused, {name!r} is neither a file nor a folder")
    if info.flag_bits & 1:
        raise BenchError(f"{where}: {name!r} is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BenchError(f"{where}: {name!r} is packed by method {info.compress_type}; pack it as plain zip does")
    if info.file_size > most_each:
        raise BenchError(f"{where}: refused, {name!r} holds {info.file_size} bytes; at most {most_each} are read")


def _check_names(entries: list[zipfile.ZipInfo], where: str) -> None:
    name, times = Counter(info.filename for info in entries).most_common(1)[0] if entries else ("", 0)
    if times > 1:
        raise BenchError(f"{where}: refused, {name!r} is there {times} times")


def _contents(
    archive: zipfile.ZipFile, wanted: list[zipfile.ZipInfo], where: str, most_each: int, most: int
) -> Iterator[tuple[str, bytes]]:
    total = 0
    for info in wanted:
        with archive.open(info) as stream:
            content = stream.read(most_each + 1)
        total += len(content)
        if len(content) > most_each or total > most:
            raise BenchError(f"{where}: refused at {info.filename!r}, too much comes out of it")
        yield info.filename, content
