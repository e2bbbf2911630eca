"""Decode bytes into lines: byte-order marks, line ends, and errors for binary files."""

from __future__ import annotations

import codecs

from bench.contracts.errors import BenchError
from bench.files import as_text, line_number

# UTF-32 first: the mark of UTF-16 begins that of UTF-32.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_KNOWN = ((b"\x1f\x8b", "gzip: name it .gz"), (b"PK\x03\x04", "a zip archive: unpack it"), (b"PAR1", "Parquet"))


def decoded(content: bytes, where: str) -> list[str]:
    """Return the lines, empty ones too; \\n, \\r\\n or \\r ends a line.

    The text is UTF-8, or UTF-16 or UTF-32 with a byte-order mark. BenchError, with the line's number, if it is no text.
    """
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8-sig")
    if encoding == "utf-8-sig" and b"\0" in content:
        known = next((f"; it looks like {name}" for start, name in _KNOWN if content.startswith(start)), "")
        raise BenchError(
            f"{where} is a binary file, or in UTF-16 without a byte-order mark (a NUL byte in line "
            f"{line_number(content, content.index(0))}): lines of UTF-8 text are expected{known}"
        )
    text = as_text(content, where, encoding=encoding)
    if "\0" in text:
        number = text.count("\n", 0, text.index("\0")) + 1
        raise BenchError(f"{where}, line {number}: a NUL character; remove it")
    # str.splitlines also breaks at form feeds and Unicode separators inside a line.
    found = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return found if found[-1] else found[:-1]
