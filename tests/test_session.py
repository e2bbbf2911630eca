"""One `bench run` in one process: what is announced, kept, tracked and continued."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from bench import plan as planning
from bench import preset, session
from bench.cell import Cell
from bench.commands.status import command as status
from bench.commands.sync import command as syncing
from bench.corpora.fetch import Corpora
from bench.job import Context
from bench.journal import Journal, Record, read_record
from bench.preset import Preset
from bench.tracking import Tracker


class AtOnce(Executor):
    """Does each job when it is submitted, in this process."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@contextmanager
def at_once(jobs: int, cluster: str | None) -> Iterator[Executor]:
    yield AtOnce()


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(folder: Path, words: str, trainers: Any, corpora: Corpora, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run tiny trainers by name (others by theirs) without tables; exit code and what was printed."""
    monkeypatch.setattr("bench.pool._executor", at_once)
    monkeypatch.setattr("bench.reporting.report.write_report", lambda *_: ([], []))
    monkeypatch.setattr("bench.reporting.report.print_summary", lambda *_: None)

    smoke = preset.read("smoke")

    def run(
        *names: str, dataset: str = words, plan: str = "smoke", preset: Preset = smoke, sets: tuple[str, ...] = ()
    ) -> tuple[int, str]:
        baselines = tuple(name if name.islower() else trainers(name) for name in names)
        request = planning.Request(baselines, (dataset,), preset, planning.overrides(sets), name=plan)
        console = Console(file=io.StringIO(), width=300)
        setup = session.Setup(corpora, Path("runs"), Path("results"), jobs=1)
        code = session.run(planning.make(request, corpora), setup, console)
        assert isinstance(console.file, io.StringIO)
        return code, console.file.getvalue()

    return run


def records(runs: Path = Path("runs")) -> dict[str, Record]:
    return {r.cell.label: r for r in (read_record(path.parent) for path in runs.glob("*/cell.json"))}


def tracked(plan: str = "smoke") -> dict[str, str]:
    frame = Tracker().frame(plan)
    return dict(zip(frame["label"], frame["status"], strict=True))


def test_samples_are_announced(run: Run) -> None:
    code, text = run("random-unigram", dataset="poems")
    assert code == 0 and text.count("SAMPLE CORPUS: poems (sample of poems): made by the code") == 1
    assert "SAMPLE" not in run("random-unigram")[1]


def test_finished_cells_are_kept_and_failed_ones_tried_again(run: Run) -> None:
    code, text = run("Tiny", "Raises")
    assert code == 1 and "3 cells to run, 0 kept from before" in text
    before = records()["Tiny"].events
    code, text = run("Tiny", "Raises")
    assert code == 1 and "1 cells to run, 2 kept from before" in text
    assert records()["Tiny"].events == before
    assert [event["event"] for event in records()["Raises"].events].count("failed") == 2
    assert tracked() == {"real": "done", "Tiny": "done", "Raises": "failed"}


def test_the_same_cell_serves_two_plans(run: Run) -> None:
    run("Tiny")
    assert "0 cells to run, 2 kept" in run("Tiny", plan="second")[1]
    assert tracked("second") == tracked() == {"real": "done", "Tiny": "done"}
    assert set(planning.read_all(Path("runs"))) == {"smoke", "second"}


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
    assert f"Tiny or Tiny[epochs={epochs}] seed 0" in CliRunner().invoke(status).output


def test_what_a_killed_parent_left_is_tracked_by_the_next(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Tracker, "project", lambda *_: None)
        run("Tiny")
    run("random-unigram")
    assert "Tiny" not in tracked()
    run("Tiny", "random-unigram")
    assert tracked() == {"real": "done", "Tiny": "done", "random-unigram": "done"}


def test_ctrl_c_ends_with_130_and_no_tables(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bench.pool.run_all", pressed)
    monkeypatch.setattr("bench.session._report", lambda *_: pytest.fail("tables of half a plan"))
    code, text = run("Tiny")
    assert code == session.INTERRUPTED == 130 and "the same command continues from here" in text


def test_what_ctrl_c_left_is_tracked_as_far_as_it_ran(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(cells: list[Cell], context: Context, *_: Any) -> None:
        journal = Journal(context.runs / next(cell.id for cell in cells if cell.label == "Tiny"))
        journal.append("start")
        journal.append("curve", x=0, phase="tiny", scores={"ones": 0.25})
        journal.append("interrupted")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("bench.pool.run_all", pressed)
        run("Tiny")
    assert tracked() == {"Tiny": "interrupted"}
    assert list(Tracker().curves("smoke", "ones")["value"]) == [0.25]
    run("Tiny")
    assert tracked() == {"real": "done", "Tiny": "done"}
    told = [point["scores"]["ones"] for point in records()["Tiny"].curve]
    assert list(Tracker().curves("smoke", "ones")["value"]) == told and 0.25 not in told


def test_workers_left_on_a_cluster_are_named_and_stop_no_later_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def left(_: Any, context: Context, *__: Any) -> None:
        context.stop.touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("bench.pool.run_all", left)
        code, text = run("Tiny")
    assert code == 130 and "the cluster's workers save and leave at the end of their epoch: run again" in text
    code, text = run("Tiny")  # the same process, and so the same number
    assert code == 0 and records()["Tiny"].status == "done" and "cluster" not in text


def cells_of(plan: str) -> list[str]:
    return list(planning.read_all(Path("runs"))[plan])


def sync(*arguments: str) -> str:
    result = CliRunner().invoke(syncing, list(arguments))
    assert result.exit_code == 0, result.exception
    return result.output


def test_sync_takes_in_what_another_machine_finished(run: Run, make_folder: Any) -> None:
    run("Tiny", "Raises")
    theirs = Path("runs").absolute()
    make_folder("here")
    assert sync(str(theirs)) == "2 cells taken in, 2 cells in MLflow, 1 plans\n"
    assert set(records()) == {"real", "Tiny"} and tracked() == {"real": "done", "Tiny": "done"}
    assert records()["Tiny"].scores == records(theirs)["Tiny"].scores
    assert sync(str(theirs)) == "0 cells taken in, 2 cells in MLflow, 1 plans\n"
    assert "1 cells to run, 2 kept from before" in run("Tiny", "Raises")[1]


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
    Journal(here["Tiny"].folder).append("start")
    done = here["real"].events
    assert sync("theirs").startswith("1 cells taken in")
    assert records()["Tiny"].events == records(Path("theirs"))["Tiny"].events and records()["real"].events == done


def test_sync_takes_an_interrupted_cell_to_be_continued_here(run: Run) -> None:
    run("Tiny")
    whole = records()["Tiny"].events
    Path("runs").rename("theirs")
    journal = Journal(records(Path("theirs"))["Tiny"].folder)
    journal.path.write_text("")
    for event in ("start", "interrupted"):
        journal.append(event)
    assert sync("theirs").startswith("2 cells taken in") and tracked()["Tiny"] == "interrupted"
    assert sync("theirs").startswith("0 cells taken in")
    for event in ("start", "interrupted"):
        journal.append(event)
    assert sync("theirs").startswith("1 cells taken in")
    run("Tiny")
    assert records()["Tiny"].status == "done" and len(records()["Tiny"].events) > len(whole)
    assert sync("theirs").startswith("0 cells taken in") and tracked()["Tiny"] == "done"


def test_status_counts_the_cells_and_names_the_failed(run: Run) -> None:
    assert "no cells in runs" in CliRunner().invoke(status).output
    run("Tiny", "Raises")
    lines = CliRunner().invoke(status).output.splitlines()
    assert lines[-1] == "2 done, 1 failed" and len(lines) == 4
    assert any(line.startswith("failed") and "the critic has left" in line for line in lines)
    assert any(line.startswith("done") and "Tiny" in line and "ones 0." in line for line in lines)
