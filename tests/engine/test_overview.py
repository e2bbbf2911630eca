"""The state of each cell of a runs folder."""

from __future__ import annotations

from typing import Any

from bench.engine.job import Context, run
from bench.engine.overview import overview
from bench.records import plans as kept_plans
from bench.records.runs import RunsFolder


def test_cells_are_sorted_with_their_names_and_notes(make_cell: Any, context: Context) -> None:
    assert overview(RunsFolder(context.runs)) == []
    cells = [make_cell("Tiny", seed=1), make_cell("Tiny"), make_cell("Raises")]
    assert [run(cell, context) for cell in cells[1:]] == ["done", "failed"]
    kept_plans.write("sweep", {cells[1].id: kept_plans.Entry(label="Tiny[x]")}, context.runs)
    lines = overview(RunsFolder(context.runs))
    assert [(line.record.cell.label, line.record.cell.seed) for line in lines] == [
        ("Raises", 0),
        ("Tiny", 0),
        ("Tiny", 1),
    ]
    failed, done, waiting = lines
    assert (failed.record.status, done.record.status) == ("failed", "done")
    assert failed.note == "Raises: RuntimeError: the critic has left"
    assert done.names == ("Tiny", "Tiny[x]") and done.note.startswith("ones 0.")
    assert waiting.names == ("Tiny",) and waiting.note == "-"
