"""The journal survives what happens to files: torn lines, repeated points, half-written cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from bench.cell import Cell
from bench.job import Context
from bench.journal import Journal, Record, read_record, write_cell


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "cell")


def events(journal: Journal) -> list[str]:
    return [line["event"] for line in journal.read()]


def test_what_is_appended_is_read(journal: Journal) -> None:
    assert journal.read() == []
    journal.append("start", notes=("a", "è\u2028 \n"), source={"kind": "sample"})
    journal.append("curve", x=0, scores={"nll": None})
    first, second = journal.read()
    assert first["event"] == "start" and first["notes"] == ["a", "è\u2028 \n"] and first["time"] <= second["time"]
    assert second["scores"] == {"nll": None}


@pytest.mark.parametrize("keep", [1, 9, 20])
def test_a_torn_line_is_passed_over_and_closed(journal: Journal, keep: int) -> None:
    journal.append("start")
    whole = journal.path.read_bytes()
    journal.append("epoch", phase="mle", epoch=1)
    journal.path.write_bytes(whole + journal.path.read_bytes()[len(whole) :][:keep])
    assert events(journal) == ["start"]
    journal.append("epoch", phase="mle", epoch=2)
    assert events(journal) == ["start", "epoch"] and journal.read()[-1]["epoch"] == 2


def test_a_last_line_without_its_newline_counts(journal: Journal) -> None:
    journal.append("start")
    journal.append("done", scores={})
    journal.path.write_bytes(journal.path.read_bytes().rstrip(b"\n"))
    assert events(journal) == ["start", "done"]
    journal.append("failed", error="late")
    assert events(journal) == ["start", "done", "failed"]


def test_bytes_that_are_no_text_hide_only_their_line(journal: Journal) -> None:
    journal.append("start")
    with journal.path.open("ab") as file:
        file.write(b"\x00\x00\xff\xfe\n")
    journal.append("done")
    assert events(journal) == ["start", "done"]


@pytest.mark.parametrize(
    ("story", "status"),
    [
        ([], "pending"),
        (["start"], "running"),
        (["start", "epoch", "curve", "phase"], "running"),
        (["start", "interrupted"], "interrupted"),
        (["start", "interrupted", "start"], "running"),
        (["start", "failed"], "failed"),
        (["start", "failed", "start", "done"], "done"),
    ],
)
def test_status_is_the_last_word(
    make_cell: Callable[..., Cell], context: Context, story: list[str], status: str
) -> None:
    cell = make_cell()
    for event in story:
        Journal(context.runs / cell.id).append(event, scores={"ones": {"value": 1.0}})
    record = read_record(context.runs / cell.id)
    assert record.status == status
    assert record.scores == ({"ones": {"value": 1.0}} if status == "done" else {})


def test_points_repeated_after_a_resume_count_once(make_cell: Callable[..., Cell], tmp_path: Path) -> None:
    story = [(0, 1.0), (5, 0.5), (10, 0.4), (5, 0.5), (10, 0.3), (15, 0.2)]
    events = tuple({"event": "curve", "x": x, "scores": {"nll": y}} for x, y in story)
    phases = tuple({"event": "phase", "name": name, "begins": i} for i, name in enumerate(["mle", "gan", "gan"]))
    record = Record(make_cell(), tmp_path, events + phases)
    assert [(point["x"], point["scores"]["nll"]) for point in record.curve] == [
        (0, 1.0),
        (5, 0.5),
        (10, 0.3),
        (15, 0.2),
    ]
    assert [(phase["name"], phase["begins"]) for phase in record.phases] == [("mle", 0), ("gan", 2)]


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
