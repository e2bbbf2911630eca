"""bench.run: from a script without a guard, from a thread, and what it returns."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import bench
from bench.engine import pool

SCRIPT = """
from pathlib import Path
with Path("began").open("a") as file:
    file.write("once\\n")

import bench

frame = bench.run({trainers!r}, {words!r}, preset="smoke", seeds=2, data="sample", progress=False)
assert sorted(frame["seed"].unique()) == [0, 1] and set(frame["status"]) == {{"done"}}
print(",".join(frame["baseline"].unique()), frame["value"].notna().sum())
"""


@pytest.mark.slow
def test_a_script_without_a_guard_runs_once(folder: Path, words: str, trainers: Callable[[str], str]) -> None:
    (folder / "script.py").write_text(SCRIPT.format(trainers=trainers("Tiny"), words=words))
    ended = subprocess.run([sys.executable, "script.py"], cwd=folder, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("real,Tiny ") and (folder / "began").read_text() == "once\n"


def test_a_notebooks_thread_may_run_it_and_a_failure_is_a_row(
    folder: Path, words: str, trainers: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    found: list[pd.DataFrame] = []

    def work() -> None:
        sets = {"evaluation.samples": 20, "Tiny.epochs": 1}
        tiny = [trainers("Tiny"), trainers("Raises")]
        found.append(bench.run(tiny, [words], preset="smoke", seeds=1, overrides=sets, plan="mine", data="sample"))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    frame = found[0].set_index("baseline")
    assert frame.loc["Raises", "error"] == "Raises: RuntimeError: the critic has left"
    assert set(frame.loc["Tiny[epochs=1]", "samples"]) == {20}
    pd.testing.assert_frame_equal(found[0], bench.load_results("runs", plan="mine"))
    assert "[" in capsys.readouterr().out


def test_an_interruption_comes_through(
    folder: Path, words: str, trainers: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pool, "run_all", pressed)
    with pytest.raises(KeyboardInterrupt):
        bench.run(trainers("Tiny"), words, preset="smoke", data="sample")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"baselines": []}, "baselines is empty"),
        ({"baselines": [dict]}, r"<class 'dict'> is not a name; give a class by its file, as in 'my_gan.py:MyGan'"),
        ({"baselines": "mel"}, "did you mean 'mle'"),
        ({"preset": "paper2"}, "did you mean 'paper'"),
        ({"overrides": {"rate": 1}}, "overrides: 'rate': write NAME.KNOB"),
        ({"overrides": {"mle.rats": 1}}, "did you mean 'rate'"),
        ({"seeds": 0}, "seeds = 0: give at least 1"),
        ({"jobs": 0}, "jobs = 0: give at least 1"),
        ({"time_limit": 0.0}, r"time_limit = 0\.0: give more than 0"),
        ({"memory_limit": -1}, "memory_limit = -1: give more than 0"),
    ],
)
def test_wrong_arguments_are_named(words: str, arguments: dict[str, object], said: str) -> None:
    with pytest.raises(bench.BenchError, match=said):
        bench.run(**({"baselines": "mle", "datasets": words, "data": "sample"} | arguments))  # type: ignore[arg-type]
