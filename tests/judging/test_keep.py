"""Samples made elsewhere are kept as a finished cell beside the runs, once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.vocabulary import Vocabulary
from bench.judging import keep as keeping
from bench.judging.judge import Judge
from bench.judging.samples import Samples
from bench.records import plans
from bench.records.events import Start
from bench.records.journal import Record
from bench.records.runs import RunsFolder

WIDER = Vocabulary(("a", "b", "c", "d", "zebra"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "samples.txt"
    path.write_text("what is kept depends on the content\n")
    return path


@pytest.fixture
def samples(letters: Opened) -> Samples:
    """Two rows: a copy of a training row, and one with a word of its own."""
    rows = np.vstack([letters.data.train[0], [0, 1, 4, 3, 2, 1]])
    return Samples(rows, WIDER, 1 / 12, ("1 of 2 lines is cut",), "text", cleaned=(("unquote", True),))


def keep(judge: Judge, file: Path, samples: Samples, name: str = "mine") -> Record:
    return keeping.keep(judge, name, file, samples, judge.scores(samples), RunsFolder(file.parent / "runs"))


def test_the_cell_says_what_was_judged_and_how(judge: Judge, file: Path, samples: Samples) -> None:
    record = keep(judge, file, samples)
    cell = record.cell
    assert record.status == "done" and record.folder == file.parent / "runs" / cell.id
    assert (cell.label, cell.baseline, cell.dataset_label) == ("mine", "score:mine", "letters")
    assert dict(cell.settings) == {"file": "samples.txt", "format": "text", "unquote": True}
    assert cell.evaluation.samples == 2 and cell.fingerprint == judge.opened.data.fingerprint
    start = record.last(Start)
    assert start is not None and list(start.notes) == [
        "mine: 1 of 2 lines is cut",
        "mine: 8.33% of tokens outside the vocabulary",
    ]


def test_scores_and_artifacts_are_those_of_the_judgement(judge: Judge, file: Path, samples: Samples) -> None:
    record, judged = keep(judge, file, samples), judge.scores(samples)
    assert record.scores == judged.scores and record.done is not None
    assert (record.done.hypotheses, record.done.copied, record.done.seconds) == (2, 0.5, 0.0)
    words = [WIDER.decode(row) for row in samples.sequences.tolist()]
    assert (record.folder / "samples.txt").read_text().splitlines() == words and words[1] == "a b zebra d c b"
    table = pd.read_parquet(record.folder / "scores.parquet")
    np.testing.assert_array_equal(table["share"], judged.per_sequence["share"])
    assert not list(record.folder.glob("generator.*"))


def test_what_is_kept_already_is_not_written_again(judge: Judge, file: Path, samples: Samples) -> None:
    record = keep(judge, file, samples)
    written = (record.folder / "journal.jsonl").read_bytes()
    assert keep(judge, file, samples) == record
    assert (record.folder / "journal.jsonl").read_bytes() == written


def test_another_name_or_content_is_another_cell(judge: Judge, file: Path, samples: Samples) -> None:
    first = keep(judge, file, samples).cell.id
    assert keep(judge, file, samples, "other").cell.id != first
    file.write_text("other\n")
    assert keep(judge, file, samples).cell.id != first


@pytest.mark.parametrize("name", ["", "  ", 'a"b', "a'b", "a/b", "a\\b"])
def test_a_name_that_no_table_can_hold_is_refused(name: str) -> None:
    keeping.check_row_name("my model [k=1]")
    with pytest.raises(BenchError, match=r"--name .*: a name without quotes and slashes"):
        keeping.check_row_name(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a\nb", "printable characters only"),
        ("a\u202eb", "printable characters only"),
        ("x" * 101, "it has 101 characters; give at most 100"),
        *((name, "a spreadsheet would compute it") for name in ("=1+1", "+cmd", "-x", "@SUM(A1)", " =1")),
    ],
)
def test_the_reason_why_a_name_is_refused_is_said(name: str, reason: str) -> None:
    with pytest.raises(BenchError, match=reason):
        keeping.check_row_name(name)


def test_the_row_enters_the_only_plan_of_its_dataset(judge: Judge, file: Path, samples: Samples) -> None:
    record, path = keep(judge, file, samples), file.parent / "runs"
    assert keeping.only_plan(RunsFolder(path), "letters") == "score"
    for plan in ("small", "big"):
        keeping.enter(record, plan, RunsFolder(path))
        assert record.cell.id in plans.read_all(path)[plan]
        if plan == "small":
            assert keeping.only_plan(RunsFolder(path), "letters") == "small"
    with pytest.raises(BenchError, match=r"letters is in several plans: say with --plan .*: (small, big|big, small)"):
        keeping.only_plan(RunsFolder(path), "letters")
