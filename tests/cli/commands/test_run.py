"""`bench run` from end to end, with a trainer and a dataset in files outside the repository."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest
from filelock import FileLock

from bench.cli import main as cli
from bench.records.events import Epoch, Start
from bench.records.journal import Record, read_record
from bench.toolkit.corpora.download import Unreachable

TABLES = ("*.md", "*.tex", "*.csv")


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Call `bench run` in this process; workers still have processes of their own."""

    def bench(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["bench", "run", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Outcome(int(ended.value.code or 0), *capfd.readouterr())

    return bench


def tables(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes() for glob in TABLES for path in sorted((folder / "results" / "smoke").glob(glob))
    }


def rows(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Return (label, metric) -> the line of the table of Words."""
    (path,) = (folder / "results" / "smoke").glob("table-words-*.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return {(row["label"], row["metric"]): row for row in csv.DictReader(file)}


def records(folder: Path) -> list[Record]:
    return [read_record(path.parent) for path in sorted((folder / "runs").glob("*/cell.json"))]


def test_the_tables_are_a_function_of_what_is_asked(
    bench: Any, words: str, trainers: Any, folder: Path, make_folder: Any, monkeypatch: Any
) -> None:
    common = ("-d", words, "--preset", "smoke")
    tiny, unigram = ("-b", trainers("Tiny")), ("-b", "random-unigram")
    first = bench(*tiny, *unigram, *common, "--jobs", "1")
    assert first.code == 0, first.err
    assert "[3/3]" in first.out and "open results/smoke/index.html" in first.out and "mlflow ui" in first.out
    straight, before = tables(folder), rows(folder)
    assert {"tables.tex", "runs.csv"} < set(straight) and len(before) == 3 * 6  # rows, columns

    other = make_folder("other")
    assert bench(*unigram, *tiny, *common, "--jobs", "2").code == 0
    assert tables(other) == straight, "another order and another count of workers"

    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
    again = bench(*tiny, *unigram, *common)
    assert again.code == 0 and "0 cells to run, 3 kept" in again.out and tables(folder) == straight

    bad = ("-b", trainers("Raises"), "-b", trainers("Outside"))
    worse = bench(*bad, *tiny, *unigram, *common, "--jobs", "1")
    assert worse.code == 1 and "2 cells to run, 3 kept" in worse.out
    assert "Raises: RuntimeError: the critic has left\n" in worse.out
    assert re.search(r"traceback of Words Raises seed 0: runs/\w+/error\.log\n", worse.out)
    assert "Outside: sample() returned token id 4, outside the vocabulary 0..3" in worse.out
    after = rows(folder)
    assert {key: row for key, row in after.items() if key in before} == before, "no other row changed"
    assert {after[name, "ones"]["state"] for name in ("Raises", "Outside")} == {"failed"}
    (page,) = (folder / "results" / "smoke").glob("table-words-*.md")
    assert "the critic has left" in page.read_text(encoding="utf-8")
    failed = tables(folder)
    assert bench(*bad, *tiny, *unigram, *common, "--jobs", "1").code == 1 and tables(folder) == failed


def one_line(outcome: Outcome, *words: str) -> None:
    assert outcome.code == 2, outcome
    (line,) = outcome.err.splitlines()
    assert line.startswith("bench: ")
    for word in words:
        assert word in line


def untouched(folder: Path) -> None:
    assert [path.name for path in folder.iterdir()] == ["mlflow.db"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "say what to run"),
        (["-b", "seqgna"], "did you mean 'seqgan'"),
        (["-b", "./my_gan.py:MyGan"], "my_gan.py: No such file"),
        (["-b", "mle", "-d", "peoms"], "did you mean 'poems'"),
        (["-b", "mle", "--preset", "quik"], "did you mean 'quick'"),
        (["-b", "mle", "--preset", "mine.toml"], "no preset file mine.toml"),
        (["-b", "mle", "--set", "mle.hiden=8"], "did you mean 'hidden'"),
        (["-b", "mle", "--set", "mle.hidden=0"], "the least allowed is"),
        (["-b", "mle", "--set", "hidden=8"], "NAME.KNOB=VALUE"),
        (["-b", "mle", "--plan", "a/b"], "name it with letters"),
        (["-b", "mle", "-d", "poems", "--corpus", "poems"], "NAME=FILE"),
        (["-b", "mle", "-d", "poems", "--corpus", "poems=absent.txt"], "absent.txt"),
        (["-b", "mle", "-d", "text:absent.txt"], "absent.txt"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(bench: Any, folder: Path, arguments: list[str], words: str) -> None:
    one_line(bench(*arguments), words)
    untouched(folder)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n \r\n\n", "empty"),
        ("\n".join("a " * n for n in range(1, 15)).encode(), "vocabulary"),
        (b"caf\xe9 au lait\n" * 20, "UTF-8"),
        (b"one line\n", "at least"),
    ],
)
def test_a_corpus_with_nothing_to_learn(bench: Any, folder: Path, tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "corpus.txt").write_bytes(content)
    one_line(bench("-b", "random-uniform", "-d", f"text:{tmp_path / 'corpus.txt'}", "--preset", "smoke"), words)
    untouched(folder)


def test_a_published_corpus_that_is_damaged(bench: Any, folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    damaged = tmp_path / "cache" / "poems" / "shi.txt"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("春眠不觉晓，处处闻啼鸟。\n")
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "cache"))
    one_line(bench("-b", "mle", "-d", "poems"), "damaged", "sha256", "shi.txt")
    untouched(folder)


def test_a_published_corpus_that_cannot_be_had(bench: Any, folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    def offline(url: str, size: int | None) -> bytes:
        raise Unreachable("no network")

    monkeypatch.setattr("bench.toolkit.corpora.fetch.download", offline)
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "cache"))
    one_line(bench("-b", "mle", "-d", "poems", "--data", "published"), "poems", "no network", "shi.txt")
    untouched(folder)


@pytest.mark.parametrize("option", ["--runs", "--out"])
def test_a_place_that_cannot_be_written(
    bench: Any, folder: Path, tmp_path: Path, words: str, trainers: Any, option: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    where = str(tmp_path / "file" / "under")
    one_line(bench("-b", trainers("Tiny"), "-d", words, "--preset", "smoke", option, where), "cannot write", "file")


def test_a_store_that_is_none(bench: Any, folder: Path, words: str, trainers: Any) -> None:
    (folder / "mlflow.db").write_text("in the way")
    outcome = bench("-b", trainers("Tiny"), "-d", words, "--preset", "smoke")
    assert outcome.code == 0 and "mlflow.db is not an SQLite database" in outcome.out
    assert tables(folder) and (folder / "mlflow.db").read_text() == "in the way"


def test_two_runs_at_once_in_one_folder(bench: Any, folder: Path, words: str, trainers: Any) -> None:
    (folder / "runs").mkdir()
    with FileLock(folder / "runs" / ".lock"):
        one_line(bench("-b", trainers("Tiny"), "-d", words, "--preset", "smoke"), "another bench is at work in runs")
    assert not list(folder.glob("runs/*/cell.json"))


PATIENT = """
from functools import partial
from bench.cli.main import main
from bench.engine import session
session.Context = partial(session.Context, grace=300.0)  # seconds that a slow machine gets to save
main()
"""


def started(arguments: list[str], folder: Path) -> subprocess.Popen[bytes]:
    """Start `bench run` in a process group of its own; return it when a trainer has done two epochs."""
    command = [sys.executable, "-c", PATIENT, "run", *arguments]
    epochs = trained(folder)
    process = subprocess.Popen(command, cwd=folder, start_new_session=True, stdout=-1, stderr=subprocess.STDOUT)
    while trained(folder) < epochs + 2:
        assert process.poll() is None, process.communicate()[0].decode()
        time.sleep(0.05)
    return process


def trained(folder: Path) -> int:
    """Return the number of epochs in all journals."""
    return sum(len(record.all(Epoch)) for record in records(folder))


@pytest.mark.usefixtures("interruptible")
@pytest.mark.slow
def test_stopped_and_killed_it_continues_to_the_same_tables(
    bench: Any, folder: Path, words: str, trainers: Any, make_folder: Any
) -> None:
    """The trainer waits at its third epoch until the stop file exists, so the signal always comes before it ends."""
    arguments = ["-b", trainers("Halts"), "-d", words, "--preset", "smoke", "--jobs", "1"]
    arguments += ["--set", "defaults.epochs=40"]
    go = Path(trainers("Halts").rpartition(":")[0]).with_name("go")
    for send, number in ((os.killpg, signal.SIGINT), (os.kill, signal.SIGTERM)):
        process = started(arguments, folder)
        send(process.pid, number)
        while not list((folder / "runs").glob(".stop*")):
            assert process.poll() is None, process.communicate()[0].decode()
            time.sleep(0.05)
        go.touch()
        output = process.communicate(timeout=300)[0].decode()
        go.unlink()
        assert (
            process.returncode == 128 + number and "the same command continues" in output and "Traceback" not in output
        )
        (slow,) = (record for record in records(folder) if record.cell.baseline == "Halts")
        assert slow.status == "interrupted" and list((slow.folder / "checkpoint").iterdir())
        assert not list((folder / "runs").glob(".stop*")) and not (folder / "results" / "index.html").exists()

    process = started(arguments, folder)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()  # only the parent: its workers leave by themselves
    process.wait()
    assert psutil.wait_procs(workers, timeout=300)[1] == []

    go.touch()
    assert bench(*arguments).code == 0
    (slow,) = (record for record in records(folder) if record.cell.baseline == "Halts")
    epochs = [(epoch.phase, epoch.epoch) for epoch in slow.all(Epoch)]
    assert len(set(epochs)) == 82 and len(slow.all(Start)) == 4

    straight = make_folder("straight")
    assert bench(*arguments).code == 0
    assert tables(folder) == tables(straight)


def test_seeds_are_added_until_the_difference_is_resolved_or_there_are_enough(
    bench: Any, folder: Path, words: str, at_once: None
) -> None:
    asked = ("-b", "random-uniform", "-b", "random-unigram", "-d", words, "--preset", "smoke", "--seeds", "2")
    found = bench(*asked, "--until-resolved", "--most-seeds", "4", "--reference", "random-uniform")
    assert found.code == 0, found.err
    seeds = {record.cell.seed for record in records(folder) if record.cell.label == "random-unigram"}
    told = re.findall(r"Words, (\d) seeds: not resolved \(e-value, 20 wanted\)", found.out)
    assert told == [str(count) for count in range(2, 2 + len(told))]
    if "--most-seeds 4 is reached" in found.out:
        assert seeds == set(range(4)) and told[-1] == "4"
    else:
        assert seeds == set(range(2 + len(told)))
    again = bench(*asked, "--reference", "random-uniform")
    assert again.code == 0 and "not resolved" not in again.out


def test_an_import_that_ends_its_process_is_no_success(bench: Any, folder: Path, words: str) -> None:
    (folder / "deadly.py").write_text("import os\nos._exit(0)\n")
    found = bench("-b", "deadly.py:A", "-d", words, "--preset", "smoke")
    assert found.code == 2 and "deadly.py:A: its import ends the process" in found.err


def test_an_import_that_changes_its_surroundings_changes_no_other_cell(
    bench: Any, folder: Path, words: str, trainers: Any
) -> None:
    code = Path(trainers("Tiny").rpartition(":")[0]).read_text()
    meddling = "import builtins, os, sys\nsys.path.clear()\nos.chdir('/')\nos.environ.clear()\nbuiltins.sum = max\n"
    (folder / "meddles.py").write_text(code.replace("\nimport torch\n", f"\nimport torch\n{meddling}", 1))
    found = bench("-b", "random-uniform", "-b", "meddles.py:Tiny", "-b", "mle", "-d", words, "--preset", "smoke")
    assert found.code == 0, found.err
    assert {record.cell.label for record in records(folder) if record.status == "done"} >= {"mle", "Tiny"}
