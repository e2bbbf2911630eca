"""A cell.json is read field by field, and belongs to the folder that it lies in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.contracts.errors import BenchError
from bench.planning.cell import Cell
from bench.records.journal import read_cell, write_cell

CHANGES: dict[str, Any] = {
    "seed": "x",
    "threads": 1.5,
    "label": 5,
    "reference": None,
    "fingerprint": ["a"],
    "code": {},
    "bench": 1,
    "settings": [[1, 2]],
    "dataset_settings": [["rows", {"a": 1}]],
    "files": "text",
    "evaluation": {"samples": "many"},
    "dataset_label": "\ud800",
}


def change(folder: Path, **facts: Any) -> None:
    path = folder / "cell.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


@pytest.fixture
def folder(make_cell: Callable[..., Cell], tmp_path: Path) -> Path:
    return write_cell(make_cell(), tmp_path / "elsewhere")


@pytest.mark.parametrize("field", CHANGES)
def test_a_field_of_another_type_is_named(folder: Path, field: str) -> None:
    change(folder, **{field: CHANGES[field]})
    with pytest.raises(BenchError, match=r"cell\.json is damaged \(.*\): repeat the `bench run` that made"):
        read_cell(folder)


@pytest.mark.parametrize("facts", [{"seed": 7}, {"fingerprint": "0" * 16}, {"threads": 2}, {"bench": "0.0.1"}])
def test_a_cell_of_another_id_is_named(folder: Path, facts: dict[str, Any]) -> None:
    change(folder, **facts)
    with pytest.raises(BenchError, match=r"cell\.json is damaged \(it describes cell \w{16}\)"):
        read_cell(folder)


def test_a_folder_of_another_name_is_named(folder: Path) -> None:
    copy = folder.rename(folder.with_name("copy"))
    with pytest.raises(BenchError, match=r"copy/cell\.json is damaged \(it describes cell"):
        read_cell(copy)


def test_deep_nesting_is_damage(folder: Path) -> None:
    (folder / "cell.json").write_text("[" * 100_000)
    with pytest.raises(BenchError, match=r"cell\.json is damaged"):
        read_cell(folder)


def test_a_label_is_no_part_of_the_identity(folder: Path) -> None:
    change(folder, label="another")
    assert read_cell(folder).label == "another"
