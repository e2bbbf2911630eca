"""Read the JSON object of a cell.json as a cell, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from bench.planning.cell import Cell, Evaluation
from bench.records import typed

FIRST = "0.1.0"  # the version that made the cells whose file names none
ADDED: Mapping[str, Any] = {"bench": FIRST, "origin": "", "files": [], "dataset_files": []}
"""What later versions added, with the values that older files stand for."""
KNOBS = ("settings", "dataset_settings", "files", "dataset_files")
WHOLE = ("seed", "threads")


def cell_of(content: Mapping[str, Any]) -> Cell:
    """Return the cell that a JSON object describes.

    KeyError, TypeError, ValueError or BenchError if a field is missing, unknown or of another type.
    """
    given = {**ADDED, **content}
    for name in KNOBS:
        given[name] = tuple((_text(name, key), _plain(name, value)) for key, value in given[name])
    for name in WHOLE:
        if not typed.is_whole(given[name]) or given[name] < 0:
            raise ValueError(f"{name} is {given[name]!r:.40}")
    given["evaluation"] = _evaluation(given["evaluation"])
    for name in given.keys() - {*KNOBS, *WHOLE, "evaluation"}:
        _text(name, given[name])
    return Cell(**given)


def _evaluation(given: Mapping[str, Any]) -> Evaluation:
    for field in fields(Evaluation):
        fits = typed.is_text if field.name == "rule" else typed.is_whole
        if field.name in given and not fits(given[field.name]):
            raise ValueError(f"evaluation.{field.name} is {given[field.name]!r:.40}")
    return Evaluation(**given)


def _text(name: str, value: Any) -> str:
    if not typed.is_text(value):
        raise ValueError(f"{name} is {value!r:.40}")
    return str(value)


def _plain(name: str, value: Any) -> Any:
    """Return the value of a knob; a list as a tuple, for JSON has lists only, and a planned cell has tuples only."""
    if isinstance(value, list):
        return tuple(_plain(name, one) for one in value)
    if value is None or typed.is_truth(value) or typed.is_number(value) or typed.is_text(value):
        return value
    raise ValueError(f"{name} holds {value!r:.40}")
