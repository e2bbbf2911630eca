"""Read JSON: an array, an object of columns, or one record a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.contracts.errors import BenchError, folded
from bench.toolkit.corpora.reading.cells import Whole
from bench.toolkit.corpora.reading.columns import Column, refusal

Pick = Callable[[Any, int], Any]


def from_lines(lines: Sequence[str], path: Path, column: str) -> Column:
    """Return a record for each line that is not blank; BenchError if one is no JSON, or no record has the column."""
    filled = sum(not _is_blank(line) for line in lines)
    records = (_parsed(line, path, number) for number, line in enumerate(lines, 1) if not _is_blank(line))
    return Column(_values(records, path, column), filled)


def from_document(lines: Sequence[str], path: Path, column: str) -> Column:
    """Return the elements of an array, or of one array of an object; else the records of a file of JSON lines."""
    try:
        found = json.loads("\n".join(lines), parse_int=Whole)
    except (ValueError, RecursionError) as error:
        if isinstance(error, json.JSONDecodeError) and error.msg == "Extra data":
            found = from_lines(lines, path, column)
            return found._replace(notes=(f"{path.name} is read as JSON lines",))
        raise BenchError(f"{path}: no JSON ({folded(error)}); write an array of texts or of records") from None
    if isinstance(found, dict):
        values = _column_of(found, path, column)
        return Column(values, len(values))
    if not isinstance(found, list):
        raise BenchError(f"{path} holds one value; an array of texts or of records is expected")
    return Column(_values(found, path, column), len(found))


def _column_of(table: dict[str, Any], path: Path, column: str) -> list[Any]:
    """Return a column of {"text": ["a"]}, of pandas' {"text": {"0": "a"}}, or of {"data": [{"text": "a"}]}."""
    columns = {name: values for name, values in table.items() if isinstance(values, list | dict)}
    if not columns:
        raise BenchError(f"{path} holds one record; an array of texts or of records is expected")
    within = next(iter(columns.values())) if len(columns) == 1 else None
    if column not in columns and isinstance(within, list) and isinstance(next(iter(within), None), dict):
        return _values(within, path, column)
    if column not in columns:
        raise refusal(columns, column, path)
    values = columns[column]
    if isinstance(values, list):
        return values
    if not all(key.isdigit() for key in values):
        raise BenchError(f"{path}#{column}: an object ({', '.join(values)[:40]}); an array is expected")
    return list(values.values())


def _values(records: Iterable[Any], path: Path, column: str) -> list[Any]:
    values: list[Any] = []
    known: dict[str, None] = {}
    pick: Pick | None = None
    for number, record in enumerate(records, 1):
        if pick is None and record is not None:
            pick = _picker(record, path, column)
        if isinstance(record, dict) and column not in known:
            known |= dict.fromkeys(record)
        values.append(None if pick is None or record is None else pick(record, number))
    if known and column not in known:
        raise refusal(known, column, path)
    return values


def _picker(first: Any, path: Path, column: str) -> Pick:
    """Return the function that takes the value from a record; all records are of the kind of the first."""
    if isinstance(first, dict):
        if not column:
            raise refusal(first, column, path)
        return lambda record, number: _like(record, dict, path, number).get(column)
    if not column:
        return lambda record, number: record
    if not isinstance(first, list):
        raise BenchError(f"{path}#{column}: it holds texts, which have no columns; leave out #{column}")
    if not (column.isdigit() and int(column) > 0):
        raise BenchError(f"{path}#{column}: its records are arrays; give a column by its place, as in {path}#1")
    return lambda record, number: _item(record, int(column), path, number)


def _item(record: Any, place: int, path: Path, number: int) -> Any:
    items = _like(record, list, path, number)
    if len(items) < place:
        raise BenchError(f"{path}#{place}, row {number}: {len(items)} items; column {place} is absent")
    return items[place - 1]


def _like(record: Any, kind: type, path: Path, number: int) -> Any:
    if not isinstance(record, kind):
        wanted = "an object" if kind is dict else "an array"
        raise BenchError(f"{path}, row {number}: {json.dumps(record)[:40]} is not {wanted}, as the first row is")
    return record


def _parsed(line: str, path: Path, number: int) -> Any:
    try:
        return json.loads(line, parse_int=Whole)
    except RecursionError:
        raise BenchError(f"{path}, line {number}: JSON that is nested too deeply") from None
    except ValueError as error:
        what = f"{error.msg}, character {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
        hint = "; name the file .json where it is one array" if line.strip() in ("[", "{") else ""
        raise BenchError(f"{path}, line {number}: no JSON ({what}); one record a line is expected{hint}") from None


def _is_blank(line: str) -> bool:
    return not line or line.isspace()
