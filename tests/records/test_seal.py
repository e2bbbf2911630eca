"""The seal of a finished cell tells every change of its journal and of its files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.contracts.errors import BenchError
from bench.engine.job import Context, run
from bench.records import seal
from bench.records.events import Done, Failed, Sealed, Start
from bench.records.journal import Journal, Record, read_record

EVENTS_OF_END = ("done", "sealed")


@pytest.fixture
def done(make_cell: Callable[..., Any], context: Context) -> Record:
    cell = make_cell()
    assert run(cell, context) == "done"
    return read_record(context.runs / cell.id)


def again(record: Record) -> Record:
    return read_record(record.folder)


def test_the_last_line_names_what_the_cell_left(done: Record) -> None:
    assert done.seal is not None and done.events[-1] == done.seal and done.status == "done"
    assert set(done.seal.files) == {"samples.txt", "scores.parquet", "generator.safetensors"}
    assert seal.checksums(done.folder) == done.seal.files and not seal.faults(done.folder, done.seal)
    seal.check(done.folder, done.seal, *done.seal.files)


def test_every_flipped_digit_and_letter_is_told(done: Record) -> None:
    """Only the time of the last line may change.

    Without the line end between the last two lines there is no end: the cell is as one that was killed.
    """
    path = done.folder / "journal.jsonl"
    content = path.read_bytes()
    between = content.rstrip(b"\n").rindex(b"\n")
    for place in [*range(0, len(content), 7), between]:
        harm = b"7" if content[place : place + 1] != b"7" else b"3"
        path.write_bytes(content[:place] + harm + content[place + 1 :])
        found = again(done)
        told = "running" if place == between else "damaged"
        assert found.status == told or found.events[:-1] == done.events[:-1], content[place - 20 : place + 20]


def test_a_changed_score_is_told(done: Record) -> None:
    path = done.folder / "journal.jsonl"
    value = done.scores["ones"].value
    text = path.read_text()
    assert text.count(f'"ones": {{"value": {value}') == 1
    path.write_text(text.replace(f'"ones": {{"value": {value}', '"ones": {"value": 0.99'))
    assert again(done).damage == "journal.jsonl was changed after the cell ended" and not again(done).scores


@pytest.mark.parametrize("lines", [1, 2])
def test_a_journal_without_its_last_lines_is_not_done(done: Record, lines: int) -> None:
    path = done.folder / "journal.jsonl"
    kept = path.read_bytes().splitlines(keepends=True)[:-lines]
    path.write_bytes(b"".join(kept))
    assert again(done).status == {1: "damaged", 2: "running"}[lines]


def test_a_journal_that_goes_on_after_its_seal_is_damaged(done: Record) -> None:
    with (done.folder / "journal.jsonl").open("ab") as file:
        file.write(b'{"event": "later"}\n')
    assert again(done).damage == "journal.jsonl goes on after its last line"


def test_a_cell_that_failed_later_runs_again(done: Record, context: Context) -> None:
    Journal(done.folder).append(Failed(error="late"))
    assert again(done).status == "failed" and again(done).seal is None
    assert run(done.cell, context) == "done"
    assert again(done).status == "done" and again(done).scores == done.scores


def test_a_journal_of_an_older_version_stays_usable(done: Record) -> None:
    path = done.folder / "journal.jsonl"
    lines = path.read_text().splitlines()[:-1]
    lines[-1] = lines[-1].replace(', "sealed": true', "")
    path.write_text("".join(f"{line}\n" for line in lines))
    old = again(done)
    assert old.status == "done" and old.seal is None and old.scores == done.scores
    (old.folder / "generator.safetensors").write_bytes(b"?")
    seal.check(old.folder, old.seal, "generator.safetensors")


@pytest.mark.parametrize("name", ["samples.txt", "scores.parquet", "generator.safetensors"])
def test_files_that_changed_or_are_gone_are_named(done: Record, name: str) -> None:
    assert done.seal is not None
    path = done.folder / name
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert seal.faults(done.folder, done.seal) == {name: "was changed after the cell ended"}
    with pytest.raises(BenchError, match=rf"{name} was changed after the cell ended: bring a copy back, or remove "):
        seal.check(done.folder, done.seal, name)
    path.unlink()
    assert seal.faults(done.folder, done.seal) == {name: "is missing"}
    assert again(done).damage == f"{name} is missing"


def test_several_lost_files_are_named_together(done: Record) -> None:
    for name in ("samples.txt", "scores.parquet"):
        (done.folder / name).unlink()
    assert again(done).damage == "samples.txt and scores.parquet are missing"


ODD = {
    "binary": b"\x00\xff\xfe",
    "deep": b"[" * 100_000,
    "many digits": b'{"event": "curve", "x": ' + b"1" * 5_000 + b"}",
    "a list": b"[]",
    "later": b'{"event": "later", "x": 1}',
}


@pytest.mark.parametrize("kind", ODD)
def test_lines_that_are_no_events_are_torn(tmp_path: Path, kind: str) -> None:
    start = b'{"event": "start", "time": 1.0, "source": {}, "notes": []}\n'
    story = seal.read(start + ODD[kind] + b"\n", tmp_path)
    assert story == ((Start(time=1.0, source={}, notes=[]),), "", None, (2,))


@pytest.mark.parametrize(
    "line", ['{"event": "start", "source": 5, "notes": 7}', '{"event": "epoch", "values": [1]}', '{"event": "done"}']
)
def test_an_event_of_the_wrong_shape_damages_its_cell(done: Record, line: str) -> None:
    journal = Journal(done.folder)
    journal.path.write_text(f"{line}\n")
    assert again(done).status == "damaged" and again(done).damage.startswith("journal.jsonl, line 1: ")


def test_a_journal_that_cannot_be_read_damages_its_cell(done: Record) -> None:
    (done.folder / "journal.jsonl").unlink()
    (done.folder / "journal.jsonl").mkdir()
    assert again(done).damage == "journal.jsonl cannot be read (it is no plain file)"


def test_a_torn_line_before_the_end_is_part_of_what_is_sealed(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "cell")
    journal.append(Start(source={}, notes=()))
    with journal.path.open("ab") as file:
        file.write(b'{"event": "ep')
    journal.finish(Done(scores={}, hypotheses=0, seconds=0.0))
    names = [event.NAME for event in journal.read()]
    assert names == ["start", *EVENTS_OF_END] and journal.story().damage == "" and journal.story().torn == (2,)


def test_what_is_set_aside_is_kept_beside_the_new_journal(done: Record, context: Context) -> None:
    path = done.folder / "journal.jsonl"
    harmed = path.read_bytes().replace(b'"seconds": ', b'"seconds": 1', 1)
    path.write_bytes(harmed)
    shutil.copytree(done.folder, done.folder / "checkpoint" / "7")
    Journal(done.folder).set_aside()
    assert again(done).status == "pending" and not (done.folder / "checkpoint").exists()
    assert (done.folder / "journal.damaged.jsonl").read_bytes() == harmed
    assert run(done.cell, context) == "done" and again(done).scores == done.scores


def test_the_seal_is_one_line_of_json(done: Record) -> None:
    last = json.loads((done.folder / "journal.jsonl").read_text().splitlines()[-1])
    assert last["event"] == Sealed.NAME and set(last) == {"event", "time", "files", "journal"}
