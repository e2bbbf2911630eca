"""The texts of a sheet, from finished runs and from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.contracts.errors import BenchError
from bench.engine.job import Context, run
from bench.judging.human.export import Prepared, prepared, shown
from bench.judging.samples import Cleaning
from bench.planning import plan as planning
from bench.planning import preset
from bench.planning.cell import Cell
from bench.planning.request import Request
from bench.records.journal import write_cell
from bench.records.runs import RunsFolder
from bench.toolkit.corpora.fetch import Corpora


@pytest.fixture
def tiny(make_cell: Any, real_cell: Cell, context: Context) -> Cell:
    """Make a finished run of Tiny beside a finished *real* row."""
    cell: Cell = make_cell()
    assert [run(each, context) for each in (real_cell, cell)] == ["done", "done"]
    return cell


@pytest.fixture
def real_cell(make_cell: Any, context: Context, words: str) -> Cell:
    (cell,) = planning.make(Request((), (words,), preset.read("smoke")), context.corpora).cells
    write_cell(cell, context.runs)
    return cell


def test_a_sheet_mixes_runs_and_files_and_names_the_runs_alone(tiny: Cell, real_cell: Cell, context: Context) -> None:
    found = shown(RunsFolder(context.runs), "Words", ["Tiny"])
    assert (found.real.cell, found.models["Tiny"].cell) == (real_cell, tiny)
    sheet = found.sheet({"mine": Prepared(["one text", "another text"], ())}, n=2, seed=3)
    assert sheet.origins == ("real", "Tiny", "mine") and len(sheet.items) == 6
    assert sheet.cells == {"real": real_cell.id, "Tiny": tiny.id}
    assert {item.text for item in sheet.items if item.origin == "mine"} == {"one text", "another text"}
    lines = (context.runs / tiny.id / "samples.txt").read_text().splitlines()
    assert {item.text for item in sheet.items if item.origin == "Tiny"} <= set(lines)


def test_a_seed_that_was_not_run_is_refused(tiny: Cell, context: Context) -> None:
    with pytest.raises(BenchError, match="no finished run of Tiny with seed 4; choose another with --run-seed"):
        shown(RunsFolder(context.runs), "Words", ["Tiny"], run_seed=4)


def test_files_are_printed_as_the_dataset_prints_them(
    tiny: Cell, context: Context, corpora: Corpora, tmp_path: Path
) -> None:
    found = shown(RunsFolder(context.runs), "Words", ["Tiny"])
    text = (context.runs / tiny.id / "samples.txt").read_text().splitlines()[:2]
    (tmp_path / "mine.txt").write_text("\n".join(f'"  {line}  "' for line in text))
    made = prepared({"mine": tmp_path / "mine.txt"}, Cleaning(unquote=True), found.real, corpora)
    assert made["mine"].texts == text
