"""Read a column of a Parquet file: text, bytes, whole numbers or lists, plain or dictionary-encoded."""

from __future__ import annotations

import io
from pathlib import Path

from bench.contracts.errors import BenchError, folded
from bench.toolkit.corpora.reading.columns import Column, refusal


def from_parquet(content: bytes, path: Path, column: str) -> Column:
    """Return the column's values; BenchError if the file is damaged or has no such column."""
    import pyarrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(content))
        names = file.schema_arrow.names
        if column not in names:
            raise refusal(names, column, path)
        if names.count(column) > 1:
            raise BenchError(f"{path}: {names.count(column)} columns are called {column!r}; rename all but one")
        values = [value for batch in file.iter_batches(columns=[column]) for value in batch.column(column).to_pylist()]
        return Column(values, file.metadata.num_rows)
    except (pyarrow.ArrowException, OSError, ValueError, KeyError) as error:
        raise BenchError(f"{path} is not a readable Parquet file: {folded(error, 120)}") from None
