"""One `bench run` in one process: what it announces, keeps, tracks and resumes."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from filelock import FileLock
from rich.console import Console

from bench.cli.main import bench
from bench.contracts.errors import BenchError
from bench.engine import session, signals
from bench.engine.conformance import quick
from bench.engine.job import Context
from bench.planning import plan as planning
from bench.planning import preset
from bench.planning.cell import Cell
from bench.planning.preset import Preset
from bench.planning.request import Request, parse_overrides
from bench.records import plans as kept_plans
from bench.records.events import Curve, Interrupted, Start
from bench.records.journal import Journal, Record, read_record
from bench.records.runs import RunsFolder
from bench.records.store import StoreError
from bench.records.tracker import Tracker
from bench.toolkit.corpora.fetch import Corpora

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(at_once: None, folder: Path, words: str, trainers: Any, corpora: Corpora) -> Run:
    """Run trainers by name, tiny ones by class; return the exit code that the command would give, and the output."""
    smoke = preset.read("smoke")

    def run(
        *names: str, dataset: str = words, plan: str = "smoke", preset: Preset = smoke, sets: tuple[str, ...] = ()
    ) -> tuple[int, str]:
        baselines = tuple(name if name.islower() else trainers(name) for name in names)
        request = Request(baselines, (dataset,), preset, parse_overrides(sets), name=plan)
        console = Console(file=io.StringIO(), width=300)
        setup = session.Setup(corpora, Path("runs"), jobs=1)
        try:
            code = session.run(planning.make(request, corpora), setup, console).code
        except KeyboardInterrupt as stop:
            code = signals.exit_code(stop)
        assert isinstance(console.file, io.StringIO)
        return code, console.file.getvalue()

    return run


def test_rows_that_fail_the_quick_check_are_named_in_one_line_at_the_end(run: Run) -> None:
    code, said = run("Tiny", "TopK", "SeedsAnew", sets=("evaluation.samples=30",))
    assert code == 0
    lines = [line for line in said.splitlines() if "quick check" in line]
    assert [line.split(":")[0] for line in lines] == ["TopK, SeedsAnew"] and said.endswith(f"{lines[0]}\n")
    frame = Tracker().frame("smoke")
    found = frame.groupby("label")["problems"].first().map(json.loads, na_action="ignore")
    assert found["Tiny"] == [] and found["TopK"] == [quick.OTHER] and found["SeedsAnew"] == [quick.EQUAL]
    assert pd.isna(found["real"])


START = Start(source={}, notes=())


def records(runs: Path = Path("runs")) -> dict[str, Record]:
    return {r.cell.label: r for r in (read_record(path.parent) for path in runs.glob("*/cell.json"))}


def tracked(plan: str = "smoke") -> dict[str, str]:
    frame = Tracker().frame(plan)
    return dict(zip(frame["label"], frame["status"], strict=True))


def test_samples_are_announced(run: Run) -> None:
    code, text = run("random-unigram", dataset="poems")
    assert code == 0 and text.count("SAMPLE CORPUS: poems (sample of poems): made by the code") == 1
    assert "SAMPLE" not in run("random-unigram")[1]


def test_what_is_strange_about_a_corpus_is_announced_with_what_to_set(run: Run) -> None:
    rows = [" ".join(f"word{(n * at) % 11}" for at in range(1, 20)) for n in range(40)]
    Path("long.txt").write_text("\n".join(rows[:34]) + "\nshort row\n" + "\n".join(row[:20] for row in rows[34:]))
    _, text = run("random-unigram", dataset="text:long.txt", sets=("text.length=8",))
    assert re.search(r"text:long: 8\d% of the lines .* are longer than 8 tokens and cut: --set text.length=19", text)
    assert "cut" not in run("random-unigram", dataset="text:long.txt", plan="whole")[1]
    Path("unsplit.txt").write_text("".join(f"{'春山秋水'[n % 4]}{n}\n" for n in range(60)) + "a b\n", encoding="utf-8")
    _, text = run("random-unigram", dataset="text:unsplit.txt", plan="unsplit")
    assert "text:unsplit: 98% of the lines (60 of 61) are one token" in text and "--set text.tokens=char" in text
    assert "text:unsplit: 100% of the tokens of held-out rows never occur in training rows" in text


def test_finished_cells_are_kept_and_failed_ones_tried_again(run: Run) -> None:
    code, text = run("Tiny", "Raises")
    assert code == 1 and "3 cells to run, 0 kept from before" in text
    before = records()["Tiny"].events
    code, text = run("Tiny", "Raises")
    assert code == 1 and "1 cells to run, 2 kept from before" in text
    assert records()["Tiny"].events == before
    assert [event.NAME for event in records()["Raises"].events].count("failed") == 2
    assert tracked() == {"real": "done", "Tiny": "done", "Raises": "failed"}


def test_the_same_cell_serves_two_plans(run: Run) -> None:
    run("Tiny")
    assert "0 cells to run, 2 kept" in run("Tiny", plan="second")[1]
    assert tracked("second") == tracked() == {"real": "done", "Tiny": "done"}
    assert set(kept_plans.read_all(Path("runs"))) == {"smoke", "second"}


def test_a_plan_calls_a_cell_as_it_was_asked_for_there(run: Run) -> None:
    run("Tiny", plan="plain")
    before = Tracker().frame("plain")
    epochs = dict(records()["Tiny"].cell.settings)["epochs"]
    changed = replace(preset.read("smoke"), baselines={"Tiny": {"epochs": epochs + 1}})
    code, text = run("Tiny", plan="told", preset=changed, sets=(f"Tiny.epochs={epochs}",))
    assert code == 0 and "0 cells to run, 2 kept" in text
    assert set(tracked("told")) == {"real", f"Tiny[epochs={epochs}]"} and set(records()) == {"real", "Tiny"}
    for _ in range(2):
        assert Tracker().frame("plain").equals(before)
        sync()
    assert set(tracked("told")) == {"real", f"Tiny[epochs={epochs}]"}
    assert f"Tiny or Tiny[epochs={epochs}] seed 0" in CliRunner().invoke(bench, ["status"]).output


def test_what_a_killed_parent_left_is_tracked_by_the_next(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Tracker, "project", lambda *_: None)
        run("Tiny")
    run("random-unigram")
    assert "Tiny" not in tracked()
    run("Tiny", "random-unigram")
    assert tracked() == {"real": "done", "Tiny": "done", "random-unigram": "done"}


def test_a_store_that_fails_stops_no_training_and_is_told_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    project, calls = Tracker.project, list[str]()

    def locked(tracker: Tracker, record: Record, *facts: Any) -> str:
        calls.append(record.cell.label)
        if len(calls) == 1:
            raise OSError("the database is locked,\nsays [it]")
        return project(tracker, record, *facts)

    monkeypatch.setattr(Tracker, "project", locked)
    code, text = run("Tiny", "random-unigram")
    assert code == 0 and len(calls) == 4, "after an error the store is left alone until the end"
    told = "MLflow at sqlite:///mlflow.db: the database is locked,; training goes on without it\n"
    assert text.count(told) == text.count("MLflow") == 1
    assert tracked() == {"real": "done", "Tiny": "done", "random-unigram": "done"}


def test_a_store_that_fails_to_the_end_is_a_warning_after_the_training(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: Any) -> str:
        raise StoreError("the database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(Tracker, "project", locked)
        code, text = run("Tiny")
    assert code == 0 and "the database is locked; runs keeps everything: `bench sync` writes it later" in text
    assert {label: record.status for label, record in records().items()} == {"real": "done", "Tiny": "done"}
    sync()
    assert tracked() == {"real": "done", "Tiny": "done"}


def test_a_cluster_that_is_none_is_told_before_a_cell_is_written(
    folder: Path, words: str, trainers: Any, corpora: Corpora
) -> None:
    pytest.importorskip("distributed")
    plan = planning.make(Request((trainers("Tiny"),), (words,), preset.read("smoke")), corpora)
    setup = session.Setup(corpora, Path("runs"), jobs=1, cluster="foo")
    with pytest.raises(BenchError, match=r"^--cluster foo: no address .missing port number .*; give HOST:PORT"):
        session.run(plan, setup)
    assert not list(folder.glob("runs/*"))


def test_ctrl_c_ends_with_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bench.engine.pool.run_all", pressed)
    code, text = run("Tiny")
    assert code == 130 and "the same command continues from here" in text


def test_what_ctrl_c_left_is_tracked_as_far_as_it_ran(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(cells: list[Cell], context: Context, *_: Any) -> None:
        journal = Journal(context.runs / next(cell.id for cell in cells if cell.label == "Tiny"))
        journal.append(START)
        journal.append(Curve(x=0, phase="tiny", scores={"ones": 0.25}))
        journal.append(Interrupted())
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("bench.engine.pool.run_all", pressed)
        run("Tiny")
    assert tracked() == {"Tiny": "interrupted"}
    assert list(Tracker().curves("smoke", ["ones"])["ones"]["value"]) == [0.25]
    run("Tiny")
    assert tracked() == {"real": "done", "Tiny": "done"}
    told = [point.scores["ones"] for point in records()["Tiny"].curve]
    assert list(Tracker().curves("smoke", ["ones"])["ones"]["value"]) == told and 0.25 not in told


def test_workers_left_on_a_cluster_are_named_and_stop_no_later_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def left(_: Any, context: Context, *__: Any) -> None:
        context.stop.touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("bench.engine.pool.run_all", left)
        code, text = run("Tiny")
    assert code == 130 and "the cluster's workers save and leave at the end of their epoch: run again" in text
    code, text = run("Tiny")  # the same process, and so the same number
    assert code == 0 and records()["Tiny"].status == "done" and "cluster" not in text


def cells_of(plan: str) -> list[str]:
    return list(kept_plans.read_all(Path("runs"))[plan])


def sync(*arguments: str) -> str:
    result = CliRunner().invoke(bench, ["sync", *arguments])
    assert result.exit_code == 0, result.exception
    return result.output


def test_sync_takes_in_what_another_machine_finished(run: Run, make_folder: Any) -> None:
    run("Tiny", "Raises")
    theirs = Path("runs").absolute()
    make_folder("here")
    assert sync(str(theirs)) == "2 cells taken in, 2 cells in MLflow, 1 plan\n"
    assert set(records()) == {"real", "Tiny"} and tracked() == {"real": "done", "Tiny": "done"}
    assert records()["Tiny"].scores == records(theirs)["Tiny"].scores
    assert sync(str(theirs)) == "0 cells taken in, 2 cells in MLflow, 1 plan\n"
    assert "1 cells to run, 2 kept from before" in run("Tiny", "Raises")[1]


def test_half_a_copy_is_no_cell_and_the_next_sync_clears_it(
    run: Run, make_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("Tiny")
    theirs, here = Path("runs").absolute(), make_folder("here")

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        assert CliRunner().invoke(bench, ["sync", str(theirs)]).exit_code == 130
    assert [path.name for path in here.rglob("cell.json")] == ["cell.json"] and not records()
    assert "no cells" in CliRunner().invoke(bench, ["status"]).output and not RunsFolder(Path("runs")).finished()
    assert sync(str(theirs)) == "2 cells taken in, 2 cells in MLflow, 1 plan\n"
    assert set(records()) == {"real", "Tiny"} and len(list(here.rglob("cell.json"))) == 2 + 2  # and MLflow's copies


def test_a_cell_that_cannot_be_copied_is_named(run: Run, make_folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run("Tiny")
    theirs = Path("runs").absolute()
    make_folder("here")

    def refuse(source: str, *_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied", source)

    monkeypatch.setattr(shutil.copytree, "__defaults__", (False, None, refuse, False, False))
    result = CliRunner().invoke(bench, ["sync", str(theirs)])
    assert isinstance(result.exception, BenchError)
    assert re.fullmatch(rf"cannot copy {theirs}/\w+/[\w.]+: .*Permission denied.*", str(result.exception))
    assert not records()


def test_sync_counts_in_words_that_agree(run: Run, make_folder: Any) -> None:
    run("Tiny")
    run("Tiny", plan="second")
    theirs = Path("runs").absolute()
    shutil.rmtree(records()["real"].folder)
    make_folder("here")
    assert sync(str(theirs)) == "1 cell taken in, 2 cells in MLflow, 2 plans\n"


def test_sync_waits_for_no_other_bench(run: Run) -> None:
    run("Tiny")
    with FileLock(Path("runs/.lock")):
        result = CliRunner().invoke(bench, ["sync"])
    assert isinstance(result.exception, BenchError) and "another bench is at work in runs" in str(result.exception)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("absent", "no folder absent: give the runs folder of the other machine"),
        (".", "no cells and no plans in .: give runs"),
        ("mlruns", "no cells and no plans in mlruns: give the folder `runs` itself"),
    ],
)
def test_sync_refuses_a_folder_that_holds_no_runs(run: Run, given: str, message: str) -> None:
    run("Tiny")
    result = CliRunner().invoke(bench, ["sync", given, "--runs", "here"])
    assert isinstance(result.exception, BenchError) and str(result.exception) == message
    assert not Path("here").exists()


def test_sync_without_plans_makes_no_folder(folder: Path) -> None:
    result = CliRunner().invoke(bench, ["sync"])
    assert str(result.exception) == "no plans in runs: `bench run` writes them there"
    assert not Path("runs").exists()


def test_sync_changes_neither_what_is_newest_nor_the_plan_by_default(
    run: Run, make_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stamps() -> dict[tuple[str, str], int]:
        frames = [Tracker().frame(plan) for plan in plans]
        return {(row.plan, row.cell): row.projected for frame in frames for row in frame.itertuples()}

    plans = ["alpha", "zeta"]

    run("Tiny", plan="zeta")
    with monkeypatch.context() as patch:
        patch.setattr(Tracker, "project", lambda *_: None)
        run("random-unigram", plan="late")
    run("Tiny", plan="alpha")
    before = stamps()
    assert set(Tracker().frame()["plan"]) == {"alpha"} and len(before) == 4
    sync()
    assert before == stamps() and set(Tracker().frame()["plan"]) == {"alpha"}
    assert set(tracked("late")) == {"real", "random-unigram"}
    plans.append("late")
    after, theirs = stamps(), Path("runs").absolute()
    sync()
    assert stamps() == after
    make_folder("here")
    sync(str(theirs))
    assert stamps() == after and set(Tracker().frame()["plan"]) == {"alpha"}


def test_sync_leaves_a_finished_cell_alone_and_replaces_an_unfinished_one(run: Run) -> None:
    run("Tiny")
    Path("runs").rename("theirs")
    run("Tiny")
    here = records()
    Journal(here["Tiny"].folder).append(START)
    done = here["real"].events
    assert sync("theirs").startswith("1 cell taken in")
    assert records()["Tiny"].events == records(Path("theirs"))["Tiny"].events and records()["real"].events == done


def test_sync_takes_an_interrupted_cell_to_be_continued_here(run: Run) -> None:
    run("Tiny")
    whole = records()["Tiny"].events
    Path("runs").rename("theirs")
    journal = Journal(records(Path("theirs"))["Tiny"].folder)
    journal.path.write_text("")
    for event in (START, Interrupted()):
        journal.append(event)
    assert sync("theirs").startswith("2 cells taken in") and tracked()["Tiny"] == "interrupted"
    assert sync("theirs").startswith("0 cells taken in")
    for event in (START, Interrupted()):
        journal.append(event)
    assert sync("theirs").startswith("1 cell taken in")
    run("Tiny")
    assert records()["Tiny"].status == "done" and len(records()["Tiny"].events) > len(whole)
    assert sync("theirs").startswith("0 cells taken in") and tracked()["Tiny"] == "done"


def test_status_counts_the_cells_and_names_the_failed(run: Run) -> None:
    assert "no cells in runs" in CliRunner().invoke(bench, ["status"]).output
    run("Tiny", "Raises")
    lines = CliRunner().invoke(bench, ["status"]).output.splitlines()
    assert lines[-1] == "2 done, 1 failed" and len(lines) == 4
    assert any(line.startswith("failed") and "the critic has left" in line for line in lines)
    assert any(line.startswith("done") and "Tiny" in line and "ones 0." in line for line in lines)


def two_files() -> list[Path]:
    """Write a/train.txt and b/train.txt with different words."""
    paths = [Path(name, "train.txt") for name in "ab"]
    for path in paths:
        path.parent.mkdir()
        path.write_text("".join(f"line {number} of {path.parent}\n" for number in range(60)))
    return paths


def test_two_corpora_of_one_name_never_share_a_plan_a_folder_or_a_store(run: Run) -> None:
    one, other = two_files()
    run("random-uniform", dataset=f"text:{one}")
    before = Tracker().frame("smoke")
    for plan in ("smoke", "second"):
        with pytest.raises(BenchError, match=r"two corpora are called 'text:train': .*a/train\.txt in runs, and here"):
            run("random-uniform", dataset=f"text:{other}", plan=plan)
    Path("runs").rename("elsewhere")
    with pytest.raises(BenchError, match=r"a/train\.txt in plan smoke of sqlite:.*mlflow\.db, and here .*b/train"):
        run("random-uniform", dataset=f"text:{other}")
    assert Tracker().frame("smoke").equals(before) and not records()
    assert run("random-uniform", dataset=f"web=text:{other}")[0] == 0
    assert set(Tracker().frame("smoke")["dataset"]) == {"text:train", "web"}
    with pytest.raises(BenchError, match="two corpora are called 'web'"):
        run("random-uniform", dataset=f"web=text:{one}")


def test_an_edited_corpus_goes_on_under_its_name(run: Run) -> None:
    one, _ = two_files()
    run("random-uniform", dataset=f"text:{one}")
    one.write_text(one.read_text().replace("line", "row"))
    assert "2 cells to run" in run("random-uniform", dataset=f"text:{one}")[1]


def test_sync_takes_in_no_other_corpus_of_a_name(run: Run) -> None:
    one, other = two_files()
    run("random-uniform", dataset=f"text:{one}")
    Path("runs").rename("theirs")
    run("random-uniform", dataset=f"text:{other}", plan="mine")
    kept = set(Path("runs").glob("*/cell.json"))
    refused = CliRunner().invoke(bench, ["sync", "theirs"])
    places = r"two corpora are called 'text:train': \S*b/train\.txt in runs, and here \S*a/train\.txt;"
    assert re.match(places, str(refused.exception))
    assert set(Path("runs").glob("*/cell.json")) == kept


def test_a_damaged_cell_is_told_and_runs_again(run: Run) -> None:
    run("Tiny")
    whole = records()["Tiny"]
    path = whole.folder / "journal.jsonl"
    value = whole.scores["ones"].value
    path.write_text(path.read_text().replace(f'"value": {value}', '"value": 0.99'))
    assert records()["Tiny"].status == "damaged"
    code, text = run("Tiny", plan="second")
    assert code == 0 and "1 cells to run, 1 kept" in text
    assert "Words Tiny seed 0 is damaged, and runs again: journal.jsonl was changed after the cell ended" in text
    assert records()["Tiny"].scores == whole.scores and (whole.folder / "journal.damaged.jsonl").exists()
    assert set(Tracker().frame("second")["value"].dropna()) == set(Tracker().frame("smoke")["value"].dropna())


@pytest.mark.parametrize("name", ["samples.txt", "scores.parquet", "generator.safetensors"])
def test_a_file_that_changed_is_told_and_made_again(run: Run, name: str) -> None:
    run("Tiny")
    path = records()["Tiny"].folder / name
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    code, text = run("Tiny")
    assert code == 0 and f"is damaged, and runs again: {name} was changed after the cell ended" in text
    assert path.read_bytes() == whole


@pytest.mark.parametrize("lost", ["cell.json", "journal.jsonl", "samples.txt", "scores.parquet", "all"])
def test_what_was_deleted_is_made_again_to_the_bit(run: Run, lost: str) -> None:
    run("Tiny")
    whole = records()["Tiny"]
    before = {path.name: path.read_bytes() for path in whole.folder.iterdir() if path.name != "journal.jsonl"}
    if lost == "all":
        shutil.rmtree(whole.folder)
    else:
        (whole.folder / lost).unlink()
    assert run("Tiny")[0] == 0 and records()["Tiny"].scores == whole.scores
    assert {name: (whole.folder / name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "start", "time": 1.0, "source": 5, "notes": 7}',
        '{"event": "done", "time": "x", "scores": [], "hypotheses": {}, "seconds": null}',
        '{"event": "failed", "time": 1.0, "error": "\\ud800"}',
        '{"event": "epoch", "time": 1e300, "phase": "mle", "epoch": 1, "epochs": 1, "values": {}}',
        "[" * 100_000,
        "\x00\x01",
    ],
)
def test_an_odd_line_hides_no_other_cell(run: Run, line: str) -> None:
    run("Tiny", "random-unigram")
    tables = Tracker().frame()
    path = records()["Tiny"].folder / "journal.jsonl"
    path.write_text(path.read_text() + line + "\n")
    shown = CliRunner().invoke(bench, ["status"])
    assert shown.exit_code == 0 and "damaged     Words        Tiny" in shown.output and "2 done" in shown.output
    synced = CliRunner().invoke(bench, ["sync"])
    assert synced.exit_code == 0 and "left out, damaged: runs/" in synced.output
    assert Tracker().frame().equals(tables), "what MLflow holds stays"
    assert CliRunner().invoke(bench, ["report"]).exit_code == 0


def test_an_odd_cell_breaks_no_later_report(run: Run) -> None:
    run("Tiny", "random-unigram")
    tables = Tracker().frame()
    path = records()["Tiny"].folder / "cell.json"
    path.write_text(re.sub(r'"seed": 0', '"seed": "x"', path.read_text()))
    for command in (["status"], ["sync"], ["report"]):
        assert CliRunner().invoke(bench, command).exit_code == 0
    assert Tracker().frame().equals(tables)


def test_scores_per_sequence_that_changed_in_mlflow_are_told_by_the_report(run: Run) -> None:
    run("Tiny", "Replaces")
    frame = Tracker().frame()
    run_id = str(frame[frame["label"] == "Tiny"]["run_id"].iloc[0])
    (path,) = Path().rglob(f"{run_id}/artifacts/scores.parquet")
    scores = pd.read_parquet(path)
    (scores * 2).to_parquet(path)
    reported = CliRunner().invoke(bench, ["report"])
    assert reported.exit_code == 1 and isinstance(reported.exception, BenchError)
    assert "scores.parquet is damaged (it was changed after the run): remove it, and `bench sync`" in str(
        reported.exception
    )
    path.unlink()
    assert CliRunner().invoke(bench, ["sync"]).exit_code == CliRunner().invoke(bench, ["report"]).exit_code == 0


def test_old_stop_files_are_removed_and_those_of_a_cluster_at_work_stay(run: Run) -> None:
    run("random-unigram")
    old, new = Path("runs/.stop.1.1"), Path("runs/.stop.2.2")
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))
    run("Tiny")
    assert not old.exists() and new.exists()
