"""The journal survives damaged files: torn lines, repeated points, half-written cells."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.contracts.metric import Score
from bench.engine.job import Context
from bench.planning.cell import Cell, Evaluation
from bench.records.events import (
    Curve,
    Done,
    Epoch,
    Event,
    Failed,
    Interrupted,
    OutOfMemory,
    PhaseStart,
    Start,
    TimedOut,
)
from bench.records.journal import FAILURES, Journal, Record, read_record, write_cell


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "cell")


START = Start(source={}, notes=())
ONES = Score(value=1.0, better="higher", signature="ones|v:0")
DONE = Done(scores={}, hypotheses=0, seconds=0.0)
EPOCH = Epoch(phase="mle", epoch=1, epochs=2, values={})


def events(journal: Journal) -> list[str]:
    return [event.NAME for event in journal.read()]


def test_what_is_appended_is_read(journal: Journal) -> None:
    assert journal.read() == []
    journal.append(Start(notes=["a", "è\u2028 \n"], source={"kind": "sample"}))
    journal.append(Curve(x=0, phase="mle", scores={"nll": None}))
    first, second = journal.read()
    assert isinstance(first, Start) and first.notes == ["a", "è\u2028 \n"] and 0 < first.time <= second.time
    assert second == Curve(x=0, phase="mle", scores={"nll": None}, time=second.time)


@pytest.mark.parametrize("keep", [1, 9, 20])
def test_a_torn_line_is_passed_over_and_closed(journal: Journal, keep: int) -> None:
    journal.append(START)
    whole = journal.path.read_bytes()
    journal.append(EPOCH)
    journal.path.write_bytes(whole + journal.path.read_bytes()[len(whole) :][:keep])
    assert events(journal) == ["start"]
    journal.append(replace(EPOCH, epoch=2))
    assert events(journal) == ["start", "epoch"] and journal.read()[-1].epoch == 2


def test_a_last_line_without_its_newline_counts(journal: Journal) -> None:
    journal.append(START)
    journal.append(DONE)
    journal.path.write_bytes(journal.path.read_bytes().rstrip(b"\n"))
    assert events(journal) == ["start", "done"]
    journal.append(Failed(error="late"))
    assert events(journal) == ["start", "done", "failed"]


def test_bytes_that_are_no_text_hide_only_their_line(journal: Journal) -> None:
    journal.append(START)
    with journal.path.open("ab") as file:
        file.write(b"\x00\x00\xff\xfe\n")
    journal.append(DONE)
    assert events(journal) == ["start", "done"]


def test_lines_that_are_no_events_are_passed_over(journal: Journal) -> None:
    journal.append(START)
    with journal.path.open("a") as file:
        file.write('[]\n7\nnull\n"done"\n{"time": 1}\n{"event": ["done"]}\n{"event": "later"}\n{"event": "done"}\n')
    journal.append(DONE)
    assert events(journal) == ["start", "done"]


DAMAGED = {
    "empty": lambda text: "",
    "torn": lambda text: text[:40],
    "a list": lambda text: "[]",
    "a key too many": lambda text: text.replace('"seed"', '"sed"'),
    "a key too few": lambda text: text.replace('"evaluation"', '"evalution"'),
    "a list for an object": lambda text: json.dumps(json.loads(text) | {"evaluation": []}),
    "a number for a list": lambda text: json.dumps(json.loads(text) | {"settings": 5}),
    "no pairs": lambda text: json.dumps(json.loads(text) | {"dataset_settings": ["rows"]}),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_cell_is_named_and_replaced_by_the_next_run(
    make_cell: Callable[..., Cell], tmp_path: Path, kind: str
) -> None:
    cell = make_cell()
    folder = write_cell(cell, tmp_path / "elsewhere")
    path = folder / "cell.json"
    path.write_text(DAMAGED[kind](path.read_text()))
    with pytest.raises(BenchError, match=r"elsewhere/\w+/cell\.json is damaged \(.*the `bench run` that made the cell"):
        read_record(folder)
    write_cell(cell, tmp_path / "elsewhere")
    assert read_record(folder).cell == cell


PLAIN = Cell(
    label="mle",
    reference="mle",
    baseline="mle",
    settings=(("batch", 64), ("hidden", 32)),
    dataset="oracle",
    dataset_label="oracle",
    dataset_settings=(("length", 20),),
    fingerprint="data-oracle",
    seed=1,
    evaluation=Evaluation(),
    bench="0.1.0",
)


def test_the_ids_of_the_first_version_are_kept() -> None:
    assert (PLAIN.id, PLAIN.identity) == ("15a6de1c20cc0bae", "44855e44ced4311c")


def test_a_cell_keeps_its_id_under_a_later_version(tmp_path: Path) -> None:
    later = replace(PLAIN, bench="0.2.0")
    assert later.id != PLAIN.id
    for cell in (PLAIN, later):
        folder = write_cell(cell, tmp_path)
        assert read_record(folder).cell == cell and folder.name == read_record(folder).cell.id


def test_a_cell_whose_file_names_no_version_was_made_by_the_first(tmp_path: Path) -> None:
    folder = write_cell(PLAIN, tmp_path)
    facts = json.loads((folder / "cell.json").read_text())
    assert facts.pop("bench") == "0.1.0"
    (folder / "cell.json").write_text(json.dumps(facts))
    assert read_record(folder).cell == PLAIN and read_record(folder).cell.id == folder.name


STORY: dict[str, Event] = {
    "start": START,
    "epoch": EPOCH,
    "curve": Curve(x=1, phase="mle", scores={}),
    "phase": PhaseStart(name="mle", begins=0, ends=2, trains_generator=True),
    "interrupted": Interrupted(),
    "failed": Failed(error="it broke"),
    "timed out": TimedOut(error="it is slow"),
    "out of memory": OutOfMemory(error="it is large"),
    "done": replace(DONE, scores={"ones": ONES}),
}


@pytest.mark.parametrize(
    ("story", "status"),
    [
        ([], "pending"),
        (["start"], "running"),
        (["start", "epoch", "curve", "phase"], "running"),
        (["start", "interrupted"], "interrupted"),
        (["start", "interrupted", "start"], "running"),
        (["start", "failed"], "failed"),
        (["start", "timed out"], "timed out"),
        (["start", "out of memory"], "out of memory"),
        (["start", "failed", "start", "done"], "done"),
    ],
)
def test_status_is_the_last_word(
    make_cell: Callable[..., Cell], context: Context, story: list[str], status: str
) -> None:
    cell = make_cell()
    for event in story:
        Journal(context.runs / cell.id).append(STORY[event])
    record = read_record(context.runs / cell.id)
    assert record.status == status
    assert record.failure == (record.events[-1] if status in FAILURES else None)
    assert record.scores == ({"ones": ONES} if status == "done" else {})


def test_points_repeated_after_a_resume_count_once(make_cell: Callable[..., Cell], tmp_path: Path) -> None:
    story = [(0, 1.0), (5, 0.5), (10, 0.4), (5, 0.5), (10, 0.3), (15, 0.2)]
    points = tuple(Curve(x=x, phase="mle", scores={"nll": y}) for x, y in story)
    phases = tuple(
        PhaseStart(name=name, begins=i, ends=9, trains_generator=True) for i, name in enumerate(["mle", "gan", "gan"])
    )
    record = Record(make_cell(), tmp_path, points + phases)
    assert [(point.x, point.scores["nll"]) for point in record.curve] == [(0, 1.0), (5, 0.5), (10, 0.3), (15, 0.2)]
    assert [(phase.name, phase.begins) for phase in record.phases] == [("mle", 0), ("gan", 2)]


def test_a_cell_keeps_the_label_that_it_was_first_written_with(make_cell: Callable[..., Cell], tmp_path: Path) -> None:
    cell = make_cell()
    write_cell(cell, tmp_path / "elsewhere")
    moved = replace(cell, label="Tiny[epochs=2]", reference="moved.py:Tiny")
    back = read_record(write_cell(moved, tmp_path / "elsewhere")).cell
    assert (back.label, back.reference, back.id) == ("Tiny", "moved.py:Tiny", cell.id)


def test_a_cell_reads_back_as_it_was_written(make_cell: Callable[..., Cell], tmp_path: Path) -> None:
    cell = make_cell(Tiny__rate=0.2)
    folder = write_cell(cell, tmp_path / "elsewhere")
    assert folder.name == cell.id and [path.name for path in folder.iterdir()] == ["cell.json"]
    back = read_record(folder).cell
    assert back == cell and back.id == cell.id and asdict(back) == asdict(cell) and hash(back) == hash(cell)


def test_knobs_that_are_tuples_stay_tuples(make_cell: Callable[..., Cell], tmp_path: Path) -> None:
    knobs = (("filters", ((1, 100), (2, 200))), ("kernels", (1, 2, 3)), ("none", ()), ("rate", 0.2))
    cell = replace(make_cell(), settings=knobs, dataset_settings=(("tracks", (0, 1)),))
    back = read_record(write_cell(cell, tmp_path / "elsewhere")).cell
    assert back == cell and hash(back) == hash(cell) and back.id == cell.id
