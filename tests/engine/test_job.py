"""A job ends with an event in its journal, whatever happens to it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from safetensors.numpy import load_file

from bench.engine import job
from bench.engine.conformance import quick
from bench.engine.job import Context
from bench.engine.settle import settle
from bench.planning.cell import Cell
from bench.plugins.checksum import checksum
from bench.records.events import Done, Event, Failed, Start, to_line
from bench.records.journal import Record, read_record, write_cell

UMASK = os.umask(0)
os.umask(UMASK)


@pytest.fixture
def do(make_cell: Callable[..., Cell], context: Context) -> Callable[..., Record]:
    """Run one cell of a tiny trainer by name; return its record."""

    def do(name: str = "Tiny", **knobs: Any) -> Record:
        cell = make_cell(name, **knobs)
        status = job.run(cell, context)
        record = read_record(context.runs / cell.id)
        assert record.status == status
        return record

    return do


BESIDE = ["copied_rows", "longest_copied", "unique_rows", "distinct-2"]
"""The metrics that every dataset has."""


def error_of(record: Record) -> str:
    failed = record.last(Failed)
    assert failed is not None
    return failed.error


def test_a_finished_cell_leaves_scores_and_artifacts(do: Any) -> None:
    record = do()
    assert record.status == "done" and list(record.scores) == ["ones", "nll_test", *BESIDE]
    assert sorted(path.name for path in record.folder.iterdir()) == sorted(
        ["cell.json", "journal.jsonl", "samples.txt", "scores.parquet", "generator.safetensors"]
    )
    done, start = record.last(Done), record.last(Start)
    assert done is not None and start is not None
    assert done.hypotheses == 30 and done.wall_seconds is not None and 0 <= done.seconds <= done.wall_seconds
    assert start.source["file"] == "tiny words" and (start.train, start.valid, start.length) == (90, 30, 5)
    scores = pd.read_parquet(record.folder / "scores.parquet")
    assert scores["ones"].mean() == pytest.approx(record.scores["ones"].value)
    assert scores["nll_test"].mean() == pytest.approx(record.scores["nll_test"].value)
    lines = (record.folder / "samples.txt").read_text().splitlines()
    shares = [line.split().count("one") / 5 for line in lines]
    assert len(lines) == 30 and shares == pytest.approx(list(scores["ones"]))
    assert load_file(record.folder / "generator.safetensors")["generator/logits"].shape == (5, 4)


def test_a_job_is_a_pure_function_of_its_cell(do: Any, context: Context) -> None:
    first = do()
    elsewhere = replace(context, runs=context.runs.parent / "elsewhere")
    job.run(first.cell, elsewhere)
    second = elsewhere.runs / first.cell.id
    for name in ("samples.txt", "scores.parquet", "generator.safetensors"):
        assert (first.folder / name).read_bytes() == (second / name).read_bytes()
    assert do(seed=1).scores != first.scores != do(Tiny__rate=0.2).scores


def test_off_the_cpu_sums_are_taken_in_a_fixed_order(make_cell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")  # so that it is undone after the test
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    settle(replace(make_cell(), device="cuda"))
    assert torch.are_deterministic_algorithms_enabled() and os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    settle(make_cell())
    assert not torch.are_deterministic_algorithms_enabled()


def of_arm(cell: Cell, name: str, context: Context) -> Cell:
    """Return the cell of another arm on the same data, with its folder."""
    made_of = checksum(name, cell.dataset)
    other = replace(cell, label=name, reference=name, baseline=name, settings=(), code=made_of)
    write_cell(other, context.runs)
    return other


def test_the_real_row(make_cell: Any, context: Context) -> None:
    cell = of_arm(make_cell(), "real", context)
    assert job.run(cell, context) == "done"
    assert not (context.runs / cell.id / "generator.safetensors").exists()


@pytest.mark.parametrize(("name", "told"), [("Tiny", []), ("TopK", [quick.OTHER]), ("SeedsAnew", [quick.EQUAL])])
def test_a_trainer_of_the_users_that_draws_other_than_it_says_is_done_and_told(
    do: Any, name: str, told: list[str]
) -> None:
    done = do(name).last(Done)
    assert done is not None and done.problems == told


def test_the_quick_check_changes_no_number(do: Any, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = do("TopK")
    monkeypatch.setattr(quick, "problems", lambda *_: None)
    elsewhere = replace(context, runs=context.runs.parent / "elsewhere")
    write_cell(checked.cell, elsewhere.runs)
    assert job.run(checked.cell, elsewhere) == "done"
    plain = read_record(elsewhere.runs / checked.cell.id)
    assert {path.name for path in plain.folder.iterdir()} == {path.name for path in checked.folder.iterdir()}
    for name in ("samples.txt", "scores.parquet", "generator.safetensors"):
        assert (checked.folder / name).read_bytes() == (plain.folder / name).read_bytes()
    assert [timeless(event) for event in checked.events] == [timeless(event) for event in plain.events]


def timeless(event: Event) -> dict[str, Any]:
    """Return what an event says beside times, memory, the checks and the seal, which covers these."""
    return {
        k: v for k, v in to_line(event).items() if k not in ("time", "memory", "problems", "journal") and "sec" not in k
    }


def test_a_shipped_trainer_is_not_checked(make_cell: Any, context: Context) -> None:
    cell = of_arm(make_cell(), "random-unigram", context)
    assert job.run(cell, context) == "done"
    done = read_record(context.runs / cell.id).last(Done)
    assert done is not None and done.problems is None


@pytest.mark.parametrize(
    ("name", "error", "traceback"),
    [
        ("Raises", "Raises: RuntimeError: the critic has left", "in tune"),
        ("Exits", "Exits: SystemExit: 0", "in mle"),
        ("Outside", "Outside: sample() returned token id 4, outside the vocabulary 0..3", "ContractError"),
    ],
)
def test_a_failing_trainer_is_named_and_its_traceback_kept(do: Any, name: str, error: str, traceback: str) -> None:
    record = do(name)
    assert record.status == "failed" and error_of(record) == error and record.scores == {}
    log = (record.folder / "error.log").read_text()
    assert log.startswith("Traceback") and traceback in log


@pytest.mark.parametrize(
    ("name", "knobs", "error"),
    [
        ("Diverges", {}, "Diverges: training diverged: loss is nan in tune epoch 2"),
        ("Tiny", {"rate": 1e30}, "parameter logits of generator reaches .* in mle epoch 1"),
    ],
)
def test_training_that_diverges_is_a_state_of_its_own(do: Any, name: str, knobs: dict[str, Any], error: str) -> None:
    record = do(name, **knobs)
    assert record.status == "diverged" and re.search(error, error_of(record)) and record.scores == {}
    assert "DivergedError" in (record.folder / "error.log").read_text()


def test_a_long_error_is_cut_in_tables_and_whole_in_the_log(do: Any, trainers: Any) -> None:
    path = Path(trainers("Tiny").rpartition(":")[0])
    path.write_text(path.read_text().replace("the critic\\nhas left", "gone " * 500))
    record = do("Raises")
    error = error_of(record)
    assert len(error) < 400 and error.endswith("...")
    assert "gone " * 500 in (record.folder / "error.log").read_text()


def test_a_trainer_that_cannot_be_built_fails_alone(do: Any, trainers: Any) -> None:
    path = Path(trainers("Tiny").rpartition(":")[0])
    path.write_text(path.read_text().replace("self.seen = Counter()", "self.seen = Counter(1, 2)"))
    assert error_of(do()).startswith("Tiny: TypeError: Counter.__init__()")


def test_mended_it_is_run_again_and_the_old_error_is_gone(do: Any, context: Context, monkeypatch: Any) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("bench.engine.driver.Driver.run", lambda self: 1 / 0)
        failed = do()
    assert failed.status == "failed" and (failed.folder / "error.log").exists()
    assert job.run(failed.cell, context) == "done" and not (failed.folder / "error.log").exists()


class Stop:
    """The stop file, as if it appeared at the n-th look."""

    def __init__(self, count: int) -> None:
        self.left = count

    def exists(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_asked_to_stop_it_saves_and_goes_on_later(do: Any, context: Context, make_cell: Any) -> None:
    straight = do()
    cell = make_cell(evaluation__curve_every=2)
    stopping: Any = Stop(3)
    assert job.run(cell, replace(context, stop=stopping)) == "interrupted"
    assert read_record(context.runs / cell.id).status == "interrupted"
    assert list((context.runs / cell.id / "checkpoint").iterdir())
    assert job.run(cell, context) == "done"
    assert read_record(context.runs / cell.id).scores == straight.scores
    assert not (context.runs / cell.id / "checkpoint").exists()


def test_asked_to_stop_it_does_not_begin(context: Context, make_cell: Any) -> None:
    cell = make_cell()
    context.stop.touch()
    assert job.run(cell, context) == "interrupted" and read_record(context.runs / cell.id).status == "pending"


def edit(reference: str, before: str, after: str) -> None:
    path = Path(reference.rpartition(":")[0])
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after, 1))


def failure(cell: Cell, context: Context) -> Any:
    assert job.run(cell, context) == "failed"
    return error_of(read_record(context.runs / cell.id))


def test_data_that_changed_after_planning_is_refused(
    make_cell: Any, context: Context, words: str, tmp_path: Path
) -> None:
    seed = tmp_path / "seed.txt"
    seed.write_text("tiny words")
    edit(words, '"tiny words")', f"open({str(seed)!r}).read())")
    cell = make_cell()
    seed.write_text("other words")
    told = failure(cell, context)
    assert told.startswith(f"Tiny: the data of Words is not that of Tiny seed 0 (fingerprint {cell.fingerprint}, here ")
    assert told.endswith("): give the --data and --corpus that it was planned with, or run again")


def test_code_that_changed_after_planning_is_refused(make_cell: Any, context: Context, words: str) -> None:
    cell = make_cell()
    others = [of_arm(cell, name, context) for name in ("random-uniform", "real")]
    edit(words, "== 1).mean", "== 2).mean")
    assert failure(cell, context) == "Tiny: the code of Tiny or Words changed since it was planned: run again"
    for other in others:
        assert failure(other, context) == f"{other.label}: the code of Words changed since it was planned: run again"


def test_code_that_changes_at_work_is_refused(make_cell: Any, context: Context, trainers: Any, tmp_path: Path) -> None:
    (tmp_path / "late.py").write_text("START = 0\n")
    late = "from . import late\n        open(late.__file__, 'a').write('# edited'); self.momentum.step(loss)"
    edit(trainers("Tiny"), "self.momentum.step(loss)", late)
    cell = make_cell()
    assert failure(cell, context) == "Tiny: the code of Tiny or Words changed since it was planned: run again"
    assert not (context.runs / cell.id / "samples.txt").exists()


def test_a_sibling_that_is_missed_late_is_named_plainly(make_cell: Any, context: Context, trainers: Any) -> None:
    edit(trainers("Tiny"), "self.momentum.step(loss)", "from . import late")
    assert failure(make_cell(), context) == "Tiny: ImportError: cannot import name 'late' from the plug-in's folder"


def test_a_metric_that_was_edited_is_not_the_one_kept(words: str, do: Any) -> None:
    first = do()
    edit(words, "== 1).mean", "== 2).mean")
    second = do()
    assert (first.cell.fingerprint, first.cell.label) == (second.cell.fingerprint, second.cell.label)
    assert first.scores["ones"].value != second.scores["ones"].value


def test_a_plug_in_that_writes_into_the_data_fails_alone(do: Any) -> None:
    """Other cells of the worker learn from the same arrays."""
    before = do("Tiny", seed=1)
    failed = do("Sorter")
    assert error_of(failed) == (
        "Sorter: Sorter, or a metric of Words, wrote into the data it was given: copy what you change"
    )
    assert do("Tiny", seed=1).scores == before.scores


def test_what_a_cell_leaves_can_be_read_by_a_team(do: Any) -> None:
    folder = do().folder
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o666 & ~UMASK}


@pytest.mark.parametrize(
    "falsified",
    [
        '(("zero", "one", "two", "three"), start=1 + (not os.environ.get("PLANNED")))',
        '(("zero", "one", "two", "three"), joiner=os.environ.get("PLANNED", "-"))',
    ],
    ids=["start", "joiner"],
)
def test_a_falsified_vocabulary_fails_its_cell(
    words: str, make_cell: Callable[..., Cell], context: Context, monkeypatch: pytest.MonkeyPatch, falsified: str
) -> None:
    """The fingerprint is that of the plan: it leaves out what was falsified."""
    path = Path(words.rpartition(":")[0])
    code = path.read_text().replace('(("zero", "one", "two", "three"))', falsified)
    path.write_text(f"import os\n{code}")
    monkeypatch.setenv("PLANNED", " ")
    cell = make_cell()
    monkeypatch.delenv("PLANNED")
    assert job.run(cell, context) == "failed"
    told = "Tiny: the vocabulary or the source of Words is not the one that was planned: load() must give the same"
    assert error_of(read_record(context.runs / cell.id)).startswith(told)


def test_a_falsified_source_fails_its_cell_and_an_older_plan_does_not_know(
    make_cell: Callable[..., Cell], context: Context, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(words.rpartition(":")[0])
    path.write_text("import os\n" + path.read_text().replace('"MIT", "generated"', 'os.environ["SAID"], "generated"'))
    monkeypatch.setenv("SAID", "MIT")
    cell = make_cell()
    assert cell.origin and replace(cell, origin="").id == cell.id
    monkeypatch.setenv("SAID", "none")
    assert job.run(cell, context) == "failed"
    assert "the source of Words is not the one that was planned" in error_of(read_record(context.runs / cell.id))
    assert job.run(replace(cell, origin=""), context) == "done"
