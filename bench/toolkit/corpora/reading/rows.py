"""Read the rows of a file (lines, cells of a column, or records); each is a text or a list of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.contracts.errors import BenchError
from bench.files import read_bytes
from bench.toolkit.corpora.reading.biology import from_fasta, from_smiles
from bench.toolkit.corpora.reading.cells import Cell, lists_of, to_cell
from bench.toolkit.corpora.reading.columns import Column
from bench.toolkit.corpora.reading.decoding import decoded
from bench.toolkit.corpora.reading.delimited import from_delimited
from bench.toolkit.corpora.reading.formats import TABLES, Format, format_of, unpacked
from bench.toolkit.corpora.reading.jsons import from_document, from_lines
from bench.toolkit.corpora.reading.parquet import from_parquet


class Rows(NamedTuple):
    """The rows of a file.

    A cell is a text, which may be blank, or a tuple of tokens if the file holds lists. `numbers` are those of the
    lines, or of the records without the header, from 1. Errors about a row begin with `place`, as in "FILE, line".
    """

    cells: Sequence[Cell]
    numbers: Sequence[int]
    notes: tuple[str, ...]
    place: str
    format: Format

    @property
    def texts(self) -> list[str]:
        """Each cell as a text, with blanks between tokens."""
        return [cell if isinstance(cell, str) else " ".join(cell) for cell in self.cells]


def split_column(reference: str) -> tuple[Path, str]:
    """Return `reviews.csv#body` as (reviews.csv, "body"); the # may also be part of an existing file's name."""
    path = Path(reference).expanduser()
    if path.exists() or "#" not in reference:
        return path, ""
    name, _, column = reference.rpartition("#")
    return Path(name).expanduser(), column


def read_rows(reference: str) -> Rows:
    """Return the rows of `FILE` or `FILE#column`; BenchError if the file or the column is bad."""
    path, column = split_column(reference)
    return parse(read_bytes(path), path, column)


def parse(content: bytes, path: Path, column: str = "") -> Rows:
    """Return the rows of a file with that name and content; BenchError as for `read_rows`.

    Null cells are left out and counted in a note. The rows that were read are compared with the file's records.
    """
    form = format_of(path)
    if column and form in ("lines", "fasta", "smiles"):
        raise BenchError(f"{path}#{column}: only {TABLES} files have columns, packed or not; leave out #{column}")
    found = _column(unpacked(content, path), path, column, form)
    if len(found.values) != found.records:
        raise BenchError(
            f"{path}: {len(found.values)} rows were read of {found.records} records; look for a quotation mark that "
            "is not closed"
        )
    return _rows(found, path, column, form)


def filled(rows: Rows) -> Rows:
    """Return the rows that are not blank; those of a table are counted in a note."""
    kept = [at for at, cell in enumerate(rows.cells) if (cell.strip() if isinstance(cell, str) else cell)]
    blank = len(rows.cells) - len(kept)
    if not blank:
        return rows
    notes = rows.notes if rows.format == "lines" else (*rows.notes, f"{blank} blank rows left out")
    return rows._replace(cells=[rows.cells[at] for at in kept], numbers=[rows.numbers[at] for at in kept], notes=notes)


def _column(content: bytes, path: Path, column: str, form: Format) -> Column:
    if form == "parquet":
        return from_parquet(content, path, column)
    lines = decoded(content, str(path))
    if form != "lines" and not any(map(str.strip, lines)):
        raise BenchError(f"{path} is empty")
    match form:
        case "delimited":
            return _with_lists(from_delimited(lines, path, column))
        case "jsonl":
            return from_lines(lines, path, column)
        case "json":
            return from_document(lines, path, column)
        case "fasta":
            return from_fasta(lines, path)
        case "smiles":
            return from_smiles(lines)
    return Column(lines, len(lines))


def _with_lists(found: Column) -> Column:
    """Return the cells as lists if every cell is written as one: CSV has no lists of its own."""
    lists = lists_of(found.values)
    return found if lists is None else found._replace(values=lists, notes=(*found.notes, "cells are read as lists"))


def _rows(found: Column, path: Path, column: str, form: Format) -> Rows:
    if form == "lines":
        return Rows(found.values, range(1, found.records + 1), found.notes, f"{path}, line", form)
    place = f"{path}#{column}, row" if column else f"{path}, row"
    cells: list[Cell] = []
    numbers: list[int] = []
    for number, value in enumerate(found.values, 1):
        cell = to_cell(value, place, number)
        if cell is not None:
            cells.append(cell)
            numbers.append(number)
    null = found.records - len(cells)
    notes = (*found.notes, f"{null} of {found.records} rows are null, left out") if null else found.notes
    return Rows(cells, numbers, notes, place, form)
