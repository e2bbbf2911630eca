"""The suffix of a file tells its format and its packing."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.toolkit.corpora.reading.formats import format_of, inner_suffix, is_plain, stem, unpacked


@pytest.mark.parametrize(
    ("name", "form", "inner", "bare", "plain"),
    [
        ("corpus.txt", "lines", ".txt", "corpus", True),
        ("corpus", "lines", "", "corpus", True),
        ("a.b.CSV.GZ", "delimited", ".csv", "a.b", False),
        ("x.jsonl.xz", "jsonl", ".jsonl", "x", False),
        ("x.json", "json", ".json", "x", False),
        ("x.pq", "parquet", ".pq", "x", False),
        ("x.fa.bz2", "fasta", ".fa", "x", False),
        ("x.smi", "smiles", ".smi", "x", False),
        ("corpus.gz", "lines", "", "corpus", False),
    ],
)
def test_names(name: str, form: str, inner: str, bare: str, plain: bool) -> None:
    path = Path(name)
    assert (format_of(path), inner_suffix(path), stem(path), is_plain(path)) == (form, inner, bare, plain)


def test_packed_bytes_are_unpacked() -> None:
    for suffix, pack in ((".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)):
        assert unpacked(pack(b"a\n"), Path(f"x.txt{suffix}")) == b"a\n"
        with pytest.raises(BenchError, match=rf"x\.txt{suffix} is not a readable {suffix} file"):
            unpacked(pack(b"a\n")[:-3], Path(f"x.txt{suffix}"))
    assert unpacked(b"\x1f\x8b", Path("x.txt")) == b"\x1f\x8b"


@pytest.mark.parametrize(
    ("name", "remedy"), [("x.xlsx", "save the sheet as CSV"), ("x.npy.gz", "write one sequence"), ("x.zip", "unpack")]
)
def test_files_without_lines_of_text_are_refused(name: str, remedy: str) -> None:
    with pytest.raises(BenchError, match=rf"{inner_suffix(Path(name))} files are not read; {remedy}"):
        unpacked(b"anything", Path(name))


def test_portuguese_text_is_no_tensor() -> None:
    assert unpacked("olá\n".encode(), Path("train.pt")) == "olá\n".encode()
    with pytest.raises(BenchError, match=r"\.pt files are not read"):
        unpacked(b"PK\0", Path("train.pt"))
