"""Several `bench run` at once in one folder, as processes: they share cells, starts, the store and the results."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.records.events import Epoch, SharedStart, Start
from bench.records.journal import Record, read_record
from bench.records.tracker import Tracker

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="processes of POSIX")]

PATIENT = """
from functools import partial
from bench.cli.main import main
from bench.engine import session
session.Context = partial(session.Context, grace=300.0)  # seconds that a slow machine gets to save
main()
"""
Began = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(folder: Path, words: str) -> Iterator[Began]:
    """Start `bench run --preset smoke --jobs 1` in a session of its own; end it after the test."""
    began: list[subprocess.Popen[str]] = []

    def start(plan: str, *arguments: str) -> subprocess.Popen[str]:
        common = ["run", "--plan", plan, "--preset", "smoke", "--jobs", "1", *arguments]
        words_of = [] if "-d" in arguments else ["-d", words]
        command = [sys.executable, "-c", PATIENT, *common, *words_of]
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        began.append(subprocess.Popen(command, start_new_session=True, **streams))
        return began[-1]

    yield start
    for process in began:
        process.kill()
        process.wait()


def until(state: Callable[[], object], *processes: subprocess.Popen[str]) -> None:
    """Return when the state has come; fail if a process ends before, or after minutes."""
    end = time.monotonic() + 300
    while not state():
        for process in processes:
            assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end, "the state never came"
        time.sleep(0.05)


def cell(label: str) -> Record | None:
    found = (read_record(path.parent) for path in Path("runs").glob("*/cell.json"))
    return next((record for record in found if record.cell.label == label), None)


def trains(label: str) -> bool:
    found = cell(label)
    return found is not None and len(found.all(Epoch)) > 1


def is_done(label: str) -> bool:
    found = cell(label)
    return found is not None and found.status == "done"


def ended(process: subprocess.Popen[str]) -> tuple[str, int]:
    output = process.communicate(timeout=300)[0]
    return output, process.returncode


def scores(plan: str) -> dict[tuple[str, str, int, str], float]:
    """Return what a plan's runs.csv holds."""
    frame = pd.read_csv(Path("results", plan, "runs.csv"))
    frame = frame[frame["status"] == "done"].dropna(subset=["value"])
    keys = frame[["dataset", "label", "seed", "metric"]].itertuples(index=False, name=None)
    return dict(zip(keys, frame["value"], strict=True))


def test_two_plans_share_a_cell_that_is_run_once(start: Began, trainers: Callable[[str], str]) -> None:
    """The second run does its own cells while the first is at work on the cell of both, and waits for that one."""
    halts = trainers("Halts")
    go = Path(halts.rpartition(":")[0]).with_name("go")
    first = start("first", "-b", halts, "-b", trainers("Tiny"))
    until(lambda: trains("Halts"), first)
    second = start("my second", "-b", f"mine={halts}", "-b", "random-unigram")
    until(lambda: is_done("random-unigram"), first, second)
    assert not is_done("Halts") and second.poll() is None
    go.touch()
    (told, code), (also, other) = ended(first), ended(second)
    assert (code, other) == (0, 0), told + also
    shared = cell("Halts")
    assert shared is not None and len(shared.all(Start)) == 1
    assert {key[1] for key in scores("first")} == {"real", "Halts", "Tiny"}
    assert {key[1] for key in scores("my second")} == {"real", "mine", "random-unigram"}
    assert [value for key, value in scores("first").items() if key[1] == "Halts"] == [
        value for key, value in scores("my second").items() if key[1] == "mine"
    ]
    tracker = Tracker()
    assert set(tracker.frame("first")["label"]) == {"real", "Halts", "Tiny"}
    assert set(tracker.frame("my second")["label"]) == {"real", "mine", "random-unigram"}
    page = Path("results", "index.html").read_text()
    assert set(re.findall(r'href="([^"]*)"', page)) == {"first/index.html", "my%20second/index.html"}


def test_the_same_plan_twice_is_refused_or_waits(start: Began, trainers: Callable[[str], str]) -> None:
    halts = trainers("Halts")
    go = Path(halts.rpartition(":")[0]).with_name("go")
    first = start("one", "-b", halts)
    until(lambda: trains("Halts"), first)
    told, code = ended(start("one", "-b", halts))
    assert code == 2 and f"bench: another bench is at work in runs on plan one (process {first.pid} on " in told
    assert told.rstrip().endswith("wait for it with --wait, or give another --plan")
    waits = start("one", "-b", halts, "--wait")
    assert waits.stdout is not None and any("waiting for it" in line for line in waits.stdout)
    assert waits.poll() is None
    go.touch()
    assert ended(first)[1] == 0
    told, code = ended(waits)
    assert code == 0 and "0 cells to run, 2 kept from before" in told
    found = cell("Halts")
    assert found is not None and len(found.all(Start)) == 1


def test_a_run_takes_over_the_cell_of_one_that_is_stopped(start: Began, trainers: Callable[[str], str]) -> None:
    halts = trainers("Halts")
    go = Path(halts.rpartition(":")[0]).with_name("go")
    first = start("first", "-b", halts)
    until(lambda: trains("Halts"), first)
    second = start("second", "-b", halts)
    until(lambda: Path("runs", "plans", "second.json").exists(), first, second)
    first.send_signal(signal.SIGTERM)
    until(lambda: list(Path("runs").glob(".stop*")), first)
    go.touch()
    assert ended(first)[1] == 128 + signal.SIGTERM
    told, code = ended(second)
    assert code == 0, told
    found = cell("Halts")
    assert found is not None and found.status == "done" and found.all(Start)
    assert [epoch.epoch for epoch in found.all(Epoch) if epoch.phase == "mle"] == [1, 2, 3], "from its checkpoint"


def test_two_plans_at_once_end_with_the_tables_of_one_after_the_other(
    start: Began, make_folder: Callable[[str], Path]
) -> None:
    """Both need the same new prepared data, the same starts, and the same new store."""
    plans = {"a": ("-b", "mle"), "b": ("-b", "constant-reward")}
    more = ("-d", "text:lines.txt")
    text = "".join(f"{one} {two} {three}\n" for one in "abcdef" for two in "ghijkl" for three in "mnopqrs")
    found = []
    for at_once in (True, False):
        Path(make_folder(f"at once {at_once}"), "lines.txt").write_text(text)
        Path("mlflow.db").unlink()
        began = []
        for plan, arms in plans.items():
            began.append(start(plan, *arms, *more))
            if not at_once:
                told, code = ended(began[-1])
                assert code == 0, told
        for process in began if at_once else []:
            told, code = ended(process)
            assert code == 0, told
        found.append({plan: scores(plan) for plan in plans})
    assert found[0] == found[1] and {key[1] for key in found[0]["b"]} == {"real", "constant-reward"}
    starts = {
        event.key for path in Path("runs").glob("*/cell.json") for event in read_record(path.parent).all(SharedStart)
    }
    assert {path.name for path in Path("runs", "starts").iterdir()} == starts, "and no half of one is left"
