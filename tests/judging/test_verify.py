"""Scores come out again from what a run kept; whatever was changed is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.contracts.checksum import sha256
from bench.contracts.errors import BenchError
from bench.engine.job import Context, run
from bench.judging.verify import Finding, verify
from bench.planning.cell import Cell
from bench.records import plans as kept_plans
from bench.records import seal
from bench.records.events import to_line
from bench.records.journal import Journal, Record, read_record
from bench.records.plans import Entry
from bench.records.runs import RunsFolder


@pytest.fixture
def done(make_cell: Callable[..., Cell], context: Context) -> Record:
    cell = make_cell()
    assert run(cell, context) == "done"
    kept_plans.write("mine", {cell.id: Entry(label="Tiny", dataset="Words", seed=0)}, context.runs)
    return read_record(context.runs / cell.id)


@pytest.fixture
def found(context: Context) -> Callable[..., list[Finding]]:
    return lambda plan=None, **options: verify(
        RunsFolder(context.runs), plan, context.corpora, lambda _: None, **options
    )


def seal_again(record: Record, **changes: Any) -> None:
    """Write the journal of a forger who knows the checksums, with other fields of its end."""
    done = record.done
    assert done is not None
    lines = [json.dumps(to_line(event)) for event in record.events[:-2]]
    journal = Journal(record.folder)
    journal.path.write_text("".join(f"{line}\n" for line in lines))
    journal.finish(replace(done, **changes))
    assert read_record(record.folder).status == "done"


def test_a_whole_cell_comes_out_again(done: Record, found: Any) -> None:
    (one,) = found()
    assert one == Finding("whole", "Words", "Tiny", 0, done.cell.id, ("6 scores come out again",))
    assert found("mine") == [one]
    with pytest.raises(BenchError, match=r"unknown plan in .*'mime'; did you mean 'mine'"):
        found("mime")


def test_a_forged_score_is_named(done: Record, found: Any) -> None:
    score = done.scores["ones"]
    seal_again(done, scores={**done.scores, "ones": replace(score, value=0.99)})
    (one,) = found()
    assert one.state == "differs" and one.notes == (f"ones is 0.99, and comes out as {score.value}",)


def test_a_forged_score_of_the_generator_is_named(done: Record, found: Any) -> None:
    seal_again(done, scores={**done.scores, "nll_test": replace(done.scores["nll_test"], value=0.5)})
    (one,) = found()
    assert one.state == "differs" and one.notes[0].startswith("nll_test is 0.5, and comes out as ")


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"hypotheses": 31}, "samples.txt is damaged (30 lines, and the journal says 31)"),
        ({"copied": 0.999}, "copied is 0.999, and comes out as "),
        ({"profiles": {"more": [1.0]}}, "profile more does not come out again"),
    ],
)
def test_forged_facts_are_named(done: Record, found: Any, changes: dict[str, Any], note: str) -> None:
    seal_again(done, **changes)
    (one,) = found()
    assert one.state == "differs" and note in one.notes[0]


def test_a_forged_signature_direction_or_metric_is_named(done: Record, found: Any) -> None:
    ones = done.scores["ones"]
    forged = {
        "its signature is": {"ones": replace(ones, signature="ones|version:2")},
        "its better is": {"ones": replace(ones, better="lower")},
        "its bound is": {"ones": replace(ones, bound="upper")},
        "threes is no metric of the dataset": {"threes": ones},
    }
    for note, scores in forged.items():
        seal_again(done, scores={**done.scores, **scores})
        (one,) = found()
        assert one.state == "differs" and note in one.notes[0]
    seal_again(done, scores={"ones": ones})
    assert found()[0].notes == ("nll_test is missing among the scores",)
    seal_again(done, scores={name: done.scores[name] for name in done.scores if name != "unique_rows"})
    assert found()[0].notes == ("unique_rows is missing among the scores",)


def test_a_cell_from_before_the_metrics_of_copying_is_whole(done: Record, found: Any) -> None:
    seal_again(done, scores={name: done.scores[name] for name in ("ones", "nll_test")})
    assert [(one.state, one.notes) for one in found()] == [("whole", ("2 scores come out again",))]


def test_forged_samples_and_scores_per_sequence_are_named(done: Record, found: Any) -> None:
    path = done.folder / "samples.txt"
    text = path.read_text()
    path.write_text(text.replace("zero", "one", 1))
    seal_again(done)
    assert found()[0].state == "differs" and any(note.startswith("ones is ") for note in found()[0].notes)
    path.write_text(text)
    frame = pd.read_parquet(done.folder / "scores.parquet")
    frame.loc[[3, 4], "ones"] = [frame["ones"][3] + 0.1, frame["ones"][4] - 0.1]
    frame.to_parquet(done.folder / "scores.parquet")
    seal_again(done)
    assert found()[0].notes == ("ones: scores.parquet differs from its samples in row 4",)


def test_other_weights_are_named(done: Record, found: Any) -> None:
    path = done.folder / "generator.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-8] + b"\x00\x00\x80\x40\x00\x00\x80\x40")
    (damaged,) = found(scores=False)
    assert damaged.state == "damaged" and damaged.notes == ("generator.safetensors was changed after the cell ended",)
    seal_again(done)
    assert found()[0].state == "differs" and found()[0].notes[0].startswith("nll_test is ")


def test_an_old_cell_without_checksums_is_named_and_taken_again(done: Record, found: Any) -> None:
    path = done.folder / "journal.jsonl"
    lines = path.read_text().splitlines()[:-1]
    path.write_text("".join(f"{line}\n" for line in [*lines[:-1], lines[-1].replace(', "sealed": true', "")]))
    assert found()[0].state == "not sealed" and found()[0].notes == ("6 scores come out again",)
    path.write_text('{"event": "ep\n' + path.read_text())
    assert found()[0].notes == ("6 scores come out again", "line 1 of its journal is torn")


def test_what_cannot_be_taken_again_is_claimed(done: Record, found: Any, context: Context) -> None:
    names = dict(done.seal.files) if done.seal else {}
    (done.folder / "generator.safetensors").unlink()
    seal_again(done)
    (one,) = found()
    assert "generator.safetensors" in names and one.state == "claimed"
    assert one.notes[0].startswith("nll_test not taken again: Tiny keeps no weights in ")
    plugin = Path(done.cell.reference.rpartition(":")[0])
    plugin.write_text(plugin.read_text() + "\n")
    assert found()[0].notes == ("no score was taken again: its plug-in's code is not here, or changed since",)


def test_missing_damaged_and_unfinished_cells_are_listed(
    done: Record, found: Any, make_cell: Any, context: Context
) -> None:
    waiting, broken = make_cell(seed=1), make_cell(seed=2)
    (context.runs / broken.id / "cell.json").write_text("{")
    entries = {"f" * 16: Entry(label="gone", dataset="Words", seed=4)}
    kept_plans.write("mine", {waiting.id: Entry(), broken.id: Entry(), **entries}, context.runs)
    states = {one.cell: one.state for one in found("mine", scores=False)}
    assert states == {
        done.cell.id: "whole",
        waiting.id: "unfinished",
        broken.id: "damaged",
        "f" * 16: "missing",
    }
    assert {one.cell for one in found(scores=False)} == set(states)


def test_the_wrong_plug_in_is_named(done: Record, found: Any) -> None:
    path = done.folder / "cell.json"
    path.write_text(path.read_text().replace("trainers.py:Tiny", "trainers.py:Spoils"))
    (one,) = found(scores=False)
    assert one.state == "damaged" and one.notes[0].startswith("cell.json names the plug-in ")


def test_another_cells_files_are_told(done: Record, found: Any, make_cell: Any, context: Context) -> None:
    other = make_cell(seed=1)
    run(other, context)
    for name in seal.FILES:
        if (context.runs / other.id / name).exists():
            shutil.copy(context.runs / other.id / name, done.folder / name)
    states = {one.cell: one for one in found()}
    assert states[done.cell.id].state == "damaged" and len(states[done.cell.id].notes) == 3
    assert sha256((done.folder / "samples.txt").read_bytes()) == sha256(
        (context.runs / other.id / "samples.txt").read_bytes()
    )
