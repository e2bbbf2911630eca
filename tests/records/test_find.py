"""Finished runs by the names that a user gives."""

from __future__ import annotations

from typing import Any

import pytest

from bench.contracts.errors import BenchError
from bench.engine.job import Context, run
from bench.planning.cell import Cell
from bench.records.find import one_run, runs_of


@pytest.fixture
def cells(make_cell: Any, context: Context) -> list[Cell]:
    """Seeds 0 and 1 of one row, done; seed 2 of it is not begun."""
    made = [make_cell(seed=seed) for seed in range(3)]
    assert [run(cell, context) for cell in made[:2]] == ["done", "done"]
    return made


def test_a_row_is_its_finished_runs_and_an_id_is_one_run(cells: list[Cell], context: Context) -> None:
    found = runs_of(context.runs, "Tiny", "Words")
    assert [record.cell for record in found] == [record.cell for record in runs_of(context.runs, "Tiny")] == cells[:2]
    assert [record.cell for record in runs_of(context.runs, cells[1].id[:8])] == [cells[1]]
    with pytest.raises(BenchError, match=r"unknown finished run in .* 'Tinny'; did you mean 'Tiny'"):
        runs_of(context.runs, "Tinny")
    with pytest.raises(BenchError, match="no finished run of poems"):
        runs_of(context.runs, "Tiny", "poems")


def test_one_run_is_that_of_the_seed_or_of_the_lowest(cells: list[Cell], context: Context) -> None:
    assert one_run(context.runs, "Tiny").cell == cells[0]
    assert one_run(context.runs, "Tiny", seed=1).cell == cells[1]
    assert one_run(context.runs, cells[1].id, seed=0).cell == cells[1]
    with pytest.raises(BenchError, match="no finished run of Tiny with seed 2: there are seeds 0, 1"):
        one_run(context.runs, "Tiny", seed=2)
    with pytest.raises(BenchError, match="not done"):
        one_run(context.runs, cells[2].id)
