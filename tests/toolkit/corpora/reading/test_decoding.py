"""Bytes become lines: every encoding and line end has one result."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.contracts.errors import BenchError
from bench.toolkit.corpora.reading.decoding import decoded


@given(
    st.lists(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\r\n\ufeff"))),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_lines_come_back(lines: list[str], end: str, last: bool, encoding: str) -> None:
    text = end.join(lines) + (end if last and lines else "")
    expected = lines if last or not lines or lines[-1] else lines[:-1]
    assert decoded(text.encode(encoding), "file") == expected


def test_big_endian_marks() -> None:
    for mark, encoding in ((codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF32_BE, "utf-32-be")):
        assert decoded(mark + "a é\nb".encode(encoding), "file") == ["a é", "b"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\r\nb\rc\xff\n", "file, line 3: not UTF-8 (invalid start byte); convert the file to UTF-8"),
        ("été".encode("latin-1"), "file, line 1: not UTF-8 (invalid continuation byte); convert the file to UTF-8"),
        (codecs.BOM_UTF16_LE + b"a", "file: not UTF-16 (truncated data); convert the file to UTF-8"),
        (codecs.BOM_UTF16_LE + "a\nb\0".encode("utf-16-le"), "file, line 2: a NUL character; remove it"),
        (
            b"a\nb\0c",
            "file is a binary file, or in UTF-16 without a byte-order mark (a NUL byte in line 2): lines of UTF-8 text "
            "are expected",
        ),
    ],
)
def test_what_is_no_text_is_one_line(content: bytes, message: str) -> None:
    with pytest.raises(BenchError) as error:
        decoded(content, "file")
    assert str(error.value) == message
