"""Curves and epochs are in MLflow while a cell trains; one run remains when it has ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from bench.contracts.errors import BenchError
from bench.contracts.metric import Score
from bench.engine.job import Context
from bench.planning.cell import Cell
from bench.records.events import Curve, Done, Epoch, Event, Start
from bench.records.journal import Journal, read_record
from bench.records.live import Live
from bench.records.mirror import Mirror
from bench.records.plans import Entry
from bench.records.tracker import Tracker

SOURCE = {"file": "tiny words", "sha256": "0" * 64, "licence": "MIT", "kind": "generated"}
START = Start(source=SOURCE, notes=(), train=90, valid=30, test=30, length=5, vocabulary=4)
DONE = Done(scores={"ones": Score(value=0.5, better="higher", signature="s")}, hypotheses=30, seconds=2.5, memory=2**28)
ENTRY = Entry(asked=1)


@pytest.fixture
def cell(make_cell: Callable[..., Cell]) -> Cell:
    return make_cell()


@pytest.fixture
def live(folder: Path, cell: Cell, context: Context) -> Live:
    return Live(mirror(cell, context, pytest.fail), seconds=0)


def mirror(cell: Cell, context: Context, warn: Callable[[str], object]) -> Mirror:
    """Return a mirror of the plan "smoke", which holds the cell."""
    made = Mirror(Tracker(), "smoke", context.runs, warn)
    made.entries = {cell.id: ENTRY}
    return made


def write(cell: Cell, context: Context, *events: Event) -> None:
    for event in events:
        Journal(context.runs / cell.id).append(event)


def store() -> MlflowClient:
    """Return a client of the current folder's store; clients of one relative address would share the first folder."""
    return MlflowClient(f"sqlite:///{Path('mlflow.db').absolute()}")


def look(live: Live, cell: Cell) -> None:
    """Let the time until the next look pass."""
    live.after = 0.0
    live.look([cell])


def epoch(number: int) -> Epoch:
    return Epoch(phase="mle", epoch=number, epochs=9, seconds=1.0, values={"loss": 4.0 / number})


def runs(live: Live) -> list[Any]:
    """Return the runs of cells in the store."""
    client = store()
    found = client.search_experiments(filter_string="name != 'Default'")
    return list(client.search_runs([each.experiment_id for each in found], "tags.cell LIKE '%'"))


def steps(live: Live, key: str) -> list[tuple[int, float]]:
    (run,) = runs(live)
    return [(point.step, point.value) for point in store().get_metric_history(run.info.run_id, key)]


def test_what_is_new_is_there_while_the_cell_trains(live: Live, cell: Cell, context: Context) -> None:
    write(cell, context, START, epoch(1), Curve(x=1, phase="mle", scores={"ones": 0.25}))
    look(live, cell)
    (run,) = runs(live)
    assert run.info.status == "RUNNING" and run.data.tags["status"] == "running"
    assert steps(live, "loss/mle") == [(1, 4.0)] and steps(live, "curve/ones") == [(1, 0.25)]
    with pytest.raises(BenchError, match="no runs"):
        Tracker().frame()  # tables hold what has ended
    write(cell, context, epoch(2))
    look(live, cell)
    assert steps(live, "loss/mle") == [(1, 4.0), (2, 2.0)]


def test_one_run_remains_when_the_cell_has_ended(live: Live, cell: Cell, context: Context) -> None:
    write(cell, context, START, epoch(1))
    look(live, cell)
    (before,) = runs(live)
    write(cell, context, epoch(2), DONE)
    live.mirror.tracker.project(read_record(context.runs / cell.id), "smoke", ENTRY)
    (after,) = runs(live)
    assert after.info.run_id == before.info.run_id and after.info.status == "FINISHED"
    assert steps(live, "loss/mle") == [(1, 4.0), (2, 2.0)] and after.data.metrics["ones"] == 0.5
    assert after.data.metrics["cost/train_seconds"] == 2.5 and after.data.metrics["cost/memory_bytes"] == 2**28
    assert list(Tracker().frame()["value"]) == [0.5]
    (given,) = after.inputs.dataset_inputs
    assert (given.dataset.name, given.dataset.digest) == ("Words", cell.fingerprint)
    assert '"train": 90' in given.dataset.profile and "tiny words" in given.dataset.source


def test_epochs_that_were_done_again_stand_once(live: Live, cell: Cell, context: Context) -> None:
    write(cell, context, START, epoch(1), epoch(2))
    look(live, cell)
    write(cell, context, START, epoch(2), DONE)
    look(live, cell)
    live.mirror.tracker.project(read_record(context.runs / cell.id), "smoke", ENTRY)
    assert steps(live, "loss/mle") == [(1, 4.0), (2, 2.0)]


def test_what_a_killed_parent_left_gives_way(live: Live, cell: Cell, context: Context) -> None:
    write(cell, context, START, epoch(1))
    look(live, cell)
    write(cell, context, DONE)
    Tracker().project(read_record(context.runs / cell.id), "smoke", ENTRY)
    (run,) = runs(live)
    assert run.info.status == "FINISHED" and "digest" in run.data.tags


def test_a_store_that_fails_is_told_once(folder: Path, cell: Cell, context: Context, monkeypatch: Any) -> None:
    told = list[str]()
    live = Live(mirror(cell, context, told.append), seconds=0)
    write(cell, context, START)
    monkeypatch.setattr(Tracker, "follow", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
    look(live, cell)
    look(live, cell)
    assert told == [f"MLflow at {live.mirror.tracker.uri}: the disk is full; training goes on without it"]


def test_a_look_waits_until_it_is_due(folder: Path, cell: Cell, context: Context) -> None:
    live = Live(mirror(cell, context, pytest.fail), seconds=3_600)
    write(cell, context, START)
    live.look([cell])
    assert live.places == {}


def test_a_prefix_keeps_teams_apart(cell: Cell, context: Context, folder: Path, monkeypatch: Any) -> None:
    write(cell, context, START, DONE)
    record = read_record(context.runs / cell.id)
    monkeypatch.setenv("BENCH_EXPERIMENT_PREFIX", "team-a/")
    ours = Tracker()
    ours.project(record, "smoke", ENTRY)
    ours.describe("Words", "| row |\n" + "| cell |\n" * 1_000)
    (page,) = ours.charts("smoke", ["Words", "others"]).values()
    assert page.startswith("#/experiments/1/runs?workflowType=machine_learning&compareRunsMode=CHART&searchFilter=tags")
    assert list(ours.frame()["dataset"]) == ["Words"]
    found = store().get_experiment_by_name("team-a/Words")
    assert found is not None
    note = found.tags["mlflow.note.content"]
    assert 4_900 < len(note) <= 5_000 and note.endswith("| cell |"), "cut at the end of a line"
    monkeypatch.setenv("BENCH_EXPERIMENT_PREFIX", "team-b/")
    with pytest.raises(BenchError, match="no runs"):
        Tracker().frame()
