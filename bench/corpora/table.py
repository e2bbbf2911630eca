"""The user's own lines: a text file, or a column of a table."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from bench.corpora import text
from bench.errors import BenchError, message_lines, unknown

TABLES = (".csv", ".tsv", ".jsonl", ".parquet")


def split_column(reference: str) -> tuple[Path, str]:
    """`reviews.csv#body` -> (reviews.csv, "body"); a file whose own name holds the # is taken as it is."""
    path = Path(reference).expanduser()
    if path.exists() or "#" not in reference:
        return path, ""
    name, _, column = reference.rpartition("#")
    return Path(name).expanduser(), column


def read_lines(content: bytes, path: Path, column: str) -> list[str]:
    """Non-empty lines of a text file, or cells of the column of a table; BenchError says what is wrong with either."""
    if path.suffix.lower() not in TABLES:
        if column:
            raise BenchError(f"{path}#{column}: only {', '.join(TABLES)} files have columns")
        return text.lines(content, str(path))
    frame = _read_table(content, path)
    frame.columns = frame.columns.map(str)
    if column not in frame.columns:
        if not column:
            raise BenchError(f"{path}: say which column, as in {path}#{next(iter(frame.columns), 'text')}")
        raise unknown(f"column of {path}", column, frame.columns)
    # One cell is one sequence, whatever line ends it holds.
    cells = (" ".join(str(cell).split()) for cell in frame[column].dropna())
    return text.lines("\n".join(cells).encode(), f"{path}#{column}")


def _read_table(content: bytes, path: Path) -> Any:
    import pandas

    stream = io.BytesIO(content)
    try:
        match path.suffix.lower():
            case ".parquet":
                return pandas.read_parquet(stream)
            case ".jsonl":
                return pandas.read_json(stream, lines=True, dtype=False)
            case suffix:
                return pandas.read_csv(stream, sep="\t" if suffix == ".tsv" else ",", dtype=str, keep_default_na=False)
    except Exception as error:  # each format has errors of its own
        raise BenchError(f"{path} is not a readable {path.suffix} table: {message_lines(error)[0]}") from None
