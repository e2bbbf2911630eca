"""Tell a file's format by its suffix, and refuse files that hold no lines of text."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from pathlib import Path
from typing import Literal

from bench.contracts.errors import BenchError, folded

Format = Literal["lines", "delimited", "jsonl", "json", "parquet", "fasta", "smiles"]

FORMATS: dict[str, Format] = {
    **dict.fromkeys((".csv", ".tsv", ".tab"), "delimited"),
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    ".json": "json",
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".fasta", ".fa", ".faa", ".fna", ".fas"), "fasta"),
    **dict.fromkeys((".smi", ".smiles"), "smiles"),
}
TABLES = "csv, tsv, jsonl, ndjson, json and parquet"
PACKED = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}
REMEDIES = {
    "save the sheet as CSV": (".xlsx", ".xls", ".xlsm", ".ods"),
    "save it as plain text": (".docx", ".doc", ".odt", ".rtf", ".pdf", ".epub"),
    "unpack it, and name the file within": (".zip", ".tar", ".tgz", ".7z", ".rar"),
    "unpack it, or pack it with gzip": (".zst", ".lz4", ".br"),
    "write one sequence a line, or a column of a Parquet file": (
        *(".npy", ".npz", ".pt", ".pth", ".pkl", ".pickle", ".h5", ".hdf5", ".safetensors", ".mat", ".rds", ".rdata"),
        *(".arrow", ".feather", ".orc", ".avro", ".sqlite", ".sqlite3"),
    ),
    "save it as FASTA": (".fastq", ".fq", ".gb", ".pdb"),
    "write one SMILES a line": (".sdf", ".mol", ".mol2"),
    "give it to `bench score`, with a dataset of music": (".mid", ".midi"),
}
REFUSED = {suffix: remedy for remedy, suffixes in REMEDIES.items() for suffix in suffixes}


def format_of(path: Path) -> Format:
    """Return the format by the file's name, packed or not: lines of text if the suffix is unknown."""
    return FORMATS.get(inner_suffix(path), "lines")


def inner_suffix(path: Path) -> str:
    """Return the suffix without that of the packing: `corpus.CSV.gz` -> `.csv`."""
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix in PACKED else suffix


def stem(path: Path) -> str:
    """Return the name without suffixes: `reviews.csv.gz` -> `reviews`."""
    return Path(path.stem).stem if path.suffix.lower() in PACKED else path.stem


def is_plain(path: Path) -> bool:
    """Return whether the file is plain text, neither packed nor a table."""
    return path.suffix.lower() not in PACKED and format_of(path) == "lines"


def unpacked(content: bytes, path: Path) -> bytes:
    """Return the unpacked bytes; BenchError if they are damaged, or if the suffix is not one of text."""
    _refuse_foreign(content, path)
    unpack = PACKED.get(path.suffix.lower())
    if unpack is None:
        return content
    try:
        return unpack(content)
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise BenchError(f"{path} is not a readable {path.suffix} file: {folded(error)}") from None


def _refuse_foreign(content: bytes, path: Path) -> None:
    suffix = inner_suffix(path)
    if suffix in REFUSED and not (suffix == ".pt" and _is_text(content)):  # train.pt may be Portuguese
        raise BenchError(f"{path}: {suffix} files are not read; {REFUSED[suffix]}")


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False
