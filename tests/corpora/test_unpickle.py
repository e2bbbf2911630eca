"""The authors' pickle gives arrays; nothing else in a pickle gives anything, or runs."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.corpora.unpickle import float_arrays
from bench.errors import BenchError


@pytest.mark.parametrize("protocol", [3, 4])
def test_arrays_come_back(protocol: int) -> None:
    rng = np.random.default_rng(0)
    arrays = [
        rng.normal(size=(5, 3)).astype(np.float32),
        np.asfortranarray(rng.normal(size=(4, 2)).astype(np.float32)),
        rng.normal(size=7).astype(">f4"),
        rng.normal(size=3),
    ]
    found = float_arrays(pickle.dumps(arrays, protocol), "file")
    assert [array.dtype for array in found] == [np.float32] * 4
    for read, written in zip(found, arrays, strict=True):
        np.testing.assert_array_equal(read, written.astype(np.float32))


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
