"""Merge runs folders."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from bench.contracts.errors import BenchError
from bench.engine.job import Context, run
from bench.records import plans as kept_plans
from bench.records.journal import read_record
from bench.records.plans import Entry
from bench.records.sync import Synced, Taken, came_further, check_runs_folder, sync, take_in
from bench.records.tracker import Tracker


@pytest.fixture
def theirs(make_cell: Any, context: Context, tmp_path: Path) -> Path:
    """Make a runs folder with a plan of two cells: one done, one not begun."""
    cells = [make_cell(seed=seed) for seed in range(2)]
    assert run(cells[0], context) == "done"
    kept_plans.write(
        "mine", {cell.id: Entry(tags={"preset": "smoke"}, label=cell.label) for cell in cells}, context.runs
    )
    return context.runs.rename(tmp_path / "theirs")


def done_in(folder: Path) -> list[str]:
    return [path.parent.name for path in folder.glob("*/cell.json") if read_record(path.parent).status == "done"]


def test_what_came_further_there_is_copied_once_with_its_plan(theirs: Path, tmp_path: Path) -> None:
    runs = tmp_path / "here"
    assert take_in(theirs, runs) == Taken(1, ())
    (cell,) = done_in(runs)
    assert read_record(runs / cell).events == read_record(theirs / cell).events
    assert kept_plans.read_all(runs) == kept_plans.read_all(theirs)
    assert take_in(theirs, runs) == Taken(0, ()) and not (runs / ".partial").exists()


def test_a_cell_came_further_if_it_is_done_there_alone(theirs: Path, tmp_path: Path) -> None:
    (done,) = done_in(theirs)
    (waiting,) = {path.parent.name for path in theirs.glob("*/cell.json")} - {done}
    finished, begun = read_record(theirs / done), read_record(theirs / waiting)
    assert came_further(finished, tmp_path / "absent")
    assert not came_further(finished, theirs / done)
    assert not came_further(begun, tmp_path / "absent")
    shutil.copytree(theirs / waiting, tmp_path / "behind" / done)
    assert came_further(finished, tmp_path / "behind" / done)


def test_a_sync_counts_what_it_did(theirs: Path, folder: Path) -> None:
    tracker, runs = Tracker(), folder / "runs"
    assert sync([theirs], runs, tracker) == Synced(taken=1, tracked=1, plans=1, left_out=())
    assert set(tracker.frame("mine")["status"]) == {"done"}
    assert sync([], runs, tracker) == Synced(taken=0, tracked=1, plans=1, left_out=())


def test_without_a_plan_there_is_nothing_to_sync_and_no_folder_is_made(folder: Path) -> None:
    with pytest.raises(BenchError, match="no plans in runs: `bench run` writes them there"):
        sync([], Path("runs"), Tracker())
    assert not Path("runs").exists()


def test_a_folder_of_no_runs_is_refused(theirs: Path, tmp_path: Path) -> None:
    check_runs_folder(theirs)
    with pytest.raises(BenchError, match=r"no folder .*/none: give the runs folder of the other machine"):
        check_runs_folder(tmp_path / "none")
    with pytest.raises(BenchError, match="give the folder `runs` itself"):
        check_runs_folder(tmp_path)
    theirs.rename(tmp_path / "runs")
    with pytest.raises(BenchError, match=f"no cells and no plans in {tmp_path}: give {tmp_path}/runs"):
        check_runs_folder(tmp_path)


def test_damaged_cells_there_are_left_out_and_named(theirs: Path, tmp_path: Path) -> None:
    (done,) = done_in(theirs)
    (waiting,) = {path.parent.name for path in theirs.glob("*/cell.json")} - {done}
    (theirs / waiting / "cell.json").write_text("{")
    weights = theirs / done / "generator.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    cells, left_out = take_in(theirs, tmp_path / "here")
    assert cells == 0 and not done_in(tmp_path / "here") and len(left_out) == 2
    assert "cell.json is damaged" in left_out[0]
    assert left_out[1] == f"{theirs / done}: generator.safetensors was changed after the cell ended"


def test_a_whole_cell_there_replaces_a_damaged_one_here(theirs: Path, tmp_path: Path) -> None:
    (done,), runs = done_in(theirs), tmp_path / "here"
    take_in(theirs, runs)
    for harm in ("cell.json", "samples.txt"):
        (runs / done / harm).write_text("{") if harm == "cell.json" else (runs / done / harm).unlink()
        assert take_in(theirs, runs) == Taken(1, ()) and done_in(runs) == [done]
