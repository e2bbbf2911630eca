"""The authors' pickle gives arrays; nothing else in a pickle gives anything, or runs."""

from __future__ import annotations

import os
import pickle
import pickletools
import re
from collections.abc import Sequence
from pathlib import Path
from struct import pack
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bench.contracts.errors import BenchError
from bench.toolkit.corpora.unpickle import float_arrays


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_arrays_come_back(protocol: int) -> None:
    rng = np.random.default_rng(0)
    written = [
        rng.normal(size=(5, 3)).astype(np.float32),
        np.asfortranarray(rng.normal(size=(4, 2)).astype(np.float32)),
        rng.normal(size=7).astype(">f4"),
        rng.normal(size=3),
    ]
    found = float_arrays(pickle.dumps(written, protocol), "file")
    assert [array.dtype for array in found] == [np.float32] * 4
    for read, array in zip(found, written, strict=True):
        np.testing.assert_array_equal(read, array.astype(np.float32))


def python_2(written: Sequence[np.ndarray], protocol: int) -> bytes:
    """Return the pickle that Python 2 writes for a list of arrays, opcode by opcode.

    Protocol 0 has lines of text, 1 has binary numbers and strings, 2 has a header and truth values too.
    """

    def string(value: bytes) -> bytes:
        if protocol:
            return b"U" + bytes([len(value)]) + value if len(value) < 256 else b"T" + pack("<i", len(value)) + value
        escaped = "".join(chr(c) if 32 <= c < 127 and c not in b"'\\" else f"\\x{c:02x}" for c in value)
        return f"S'{escaped}'\n".encode()

    def number(value: int) -> bytes:
        return b"J" + pack("<i", value) if protocol else f"I{value}\n".encode()

    def flag(value: bool) -> bytes:
        return (b"\x88" if value else b"\x89") if protocol == 2 else f"I0{int(value)}\n".encode()

    def array(values: np.ndarray) -> bytes:
        new = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(" + number(0) + b"t" + string(b"b") + b"tR("
        order = b"<" if values.dtype.str[0] == "<" else b">"
        kind = b"cnumpy\ndtype\n(" + string(values.dtype.str[1:].encode()) + number(0) + number(1) + b"tR("
        kind += number(3) + string(order) + b"NNN" + number(-1) * 2 + number(0) + b"tb"
        fortran = values.flags.f_contiguous and not values.flags.c_contiguous
        shape = b"(" + b"".join(map(number, values.shape)) + b"t"
        data = string(values.tobytes("F" if fortran else "C"))
        return new + number(1) + shape + kind + flag(fortran) + data + b"tb"

    if protocol == 0:
        return b"(l" + b"".join(array(values) + b"a" for values in written) + b"."
    return (b"\x80\x02" if protocol == 2 else b"") + b"](" + b"".join(map(array, written)) + b"e."


shapes = st.lists(st.integers(1, 7), min_size=1, max_size=3).map(tuple)
floats = st.sampled_from(["<f4", ">f4", "<f8", ">f8"]).flatmap(
    lambda kind: arrays(kind, shapes, elements=st.floats(-1e6, 1e6, width=32))
)


@settings(deadline=None)
@given(st.lists(floats.map(np.asfortranarray) | floats, min_size=1, max_size=4), st.sampled_from([0, 1, 2]))
def test_the_pickles_of_python_2_are_read_to_the_bit(written: list[np.ndarray], protocol: int) -> None:
    for content in (python_2(written, protocol), pickle.dumps(written, protocol)):
        for read, array in zip(float_arrays(content, "file"), written, strict=True):
            np.testing.assert_array_equal(read, array.astype(np.float32), strict=True)


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_numpy_itself_reads_what_stands_for_python_2(protocol: int) -> None:
    """Python 3's own unpickler, which calls numpy, checks `python_2`."""
    written = [np.arange(200, dtype="<f4").reshape(20, 10), np.asfortranarray(np.arange(6.0).reshape(2, 3))]
    content = python_2(written, protocol)
    zeros = python_2([np.zeros((2, 3), "f4"), np.zeros(900)], protocol)  # pickletools wants ASCII in protocol 0
    assert max(op.proto for op, _, _ in pickletools.genops(zeros)) == protocol
    for read, array in zip(pickle.loads(content, encoding="latin-1"), written, strict=True):
        np.testing.assert_array_equal(read, array, strict=True)
        assert read.flags.f_contiguous == array.flags.f_contiguous


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (b"c_codecs\nencode\n(Va\nVrot13\ntR", "an encoding other than latin-1"),
        (b"c_codecs\nencode\n(Va\ntR", "an encoding other than latin-1"),
        (b"c_codecs\nencode\n(I9\nVlatin1\ntR", "an encoding other than latin-1"),
        (b"c_codecs\nencode\n(V\\u4e2d\nVlatin1\ntR", "latin-1"),
        (b"c_codecs\ndecode\n(Va\nVlatin1\ntR", "it asks for _codecs.decode"),
        (b"c__builtin__\neval\n(S'1'\ntR", "it asks for __builtin__.eval"),
        (b"ccopy_reg\n_reconstructor\n(S'1'\ntR", "it asks for copy_reg._reconstructor"),
    ],
)
def test_of_old_pickles_too_nothing_else_is_called(call: bytes, reason: str) -> None:
    with pytest.raises(BenchError, match=f"is not a pickled list of float arrays: .*{re.escape(reason)}"):
        float_arrays(b"](" + call + b"e.", "file")


@pytest.mark.parametrize("data", [b"I12\n", b"N", b"V\\u4e2d\\u4e2d\\u4e2d\n", b"(t"])
def test_an_array_without_bytes_is_refused(data: bytes) -> None:
    content = python_2([np.zeros(3, "f4")], 0).replace(b"S'" + b"\\x00" * 12 + b"'\n", data, 1)
    assert data in content
    with pytest.raises(BenchError, match="is not a pickled list of float arrays"):
        float_arrays(content, "file")


class Runs:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_nothing_is_run(tmp_path: Path) -> None:
    for hostile in (Runs(tmp_path / "made"), [Runs(tmp_path / "made")], [np.zeros(2, "f4"), Runs(tmp_path / "made")]):
        with pytest.raises(BenchError, match=r"asks for \w+.mkdir"):
            float_arrays(pickle.dumps(hostile), "file")
    assert not (tmp_path / "made").exists()


ATTRIBUTE = b"cnumpy\nndarray.tofile\n."  # a dotted name leads to a method


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a pickle",
        ATTRIBUTE,
        pickle.dumps([]),
        pickle.dumps({"a": np.zeros(2, "f4")}),
        pickle.dumps([np.zeros(2, "i8")]),
        pickle.dumps([np.array(["a"], dtype=object)]),
        pickle.dumps([np.array([np.nan], "f4")]),
        pickle.dumps([np.zeros((2, 0), "f4")]),
        pickle.dumps([1.0, 2.0]),
        pickle.dumps([np.zeros(9, "f4")])[:-10],
    ],
)
def test_what_is_no_list_of_float_arrays_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(BenchError, match="is not a pickled list of float arrays") as error:
        float_arrays(content, "file")
    assert str(error.value).startswith("file")


def test_a_shape_that_its_bytes_do_not_fill_is_refused() -> None:
    content = pickle.dumps([np.zeros(3, "f4")], 3).replace(b"K\x03\x85", b"K\x05\x85", 1)
    with pytest.raises(BenchError, match="with 12 bytes"):
        float_arrays(content, "file")
