"""The verdict on a file of samples."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.judging import samples_file
from bench.judging.judge import Anchor, Judge, open_judge
from bench.judging.keep import check_row_name, enter, only_plan
from bench.judging.samples import Cleaning, Samples
from bench.judging.verdict import Verdict, fewer_anchors, plan_count, refuse_unlike, untested, verdict
from bench.planning.cell import ELSEWHERE
from bench.records import plans as kept_plans
from bench.records.runs import RunsFolder
from bench.toolkit.corpora.fetch import Corpora


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """278 different lines of two to six words."""
    words = ("the", "cat", "sat", "on", "a", "mat")
    lines = [" ".join(words[i] for i in order) for n in (2, 4, 6) for order in itertools.permutations(range(6), n)]
    path = tmp_path / "tiny.txt"
    path.write_text("".join(f"{line}\n" for line in lines[::4]))
    return path


@pytest.fixture
def judge(file: Path, corpora: Corpora, tmp_path: Path) -> Judge:
    return open_judge(f"text:{file}", (), None, RunsFolder(tmp_path / "runs"), corpora)


@pytest.fixture
def found(file: Path, judge: Judge) -> Samples:
    return samples_file.read(file, "auto", judge.opened, judge.strict, 25, Cleaning())


@pytest.fixture
def judged(file: Path, judge: Judge, found: Samples, tmp_path: Path) -> Verdict:
    return verdict(judge, found, name="mine", file=file, runs=RunsFolder(tmp_path / "runs"))


def test_the_scores_stand_between_their_anchors_in_a_finished_row(judged: Verdict, tmp_path: Path) -> None:
    assert judged.record.status == "done" and judged.record.folder.parent == tmp_path / "runs"
    assert judged.record.scores == judged.judged.scores
    assert [(anchor.label, anchor.hypotheses) for anchor in judged.anchors] == [("real", 25), ("random-unigram", 25)]
    assert not judged.tests and judged.plan is None and not judged.tracked


def test_facts_are_plain(judged: Verdict) -> None:
    facts = json.loads(json.dumps(judged.plain()))
    assert (facts["name"], facts["hypotheses"], facts["file"]) == ("mine", 25, "tiny.txt")
    assert 0 < facts["copied_from_training"] <= 1 and facts["outside_vocabulary"] == 0
    assert set(facts["scores"]) == set(facts["anchors"]["real"]["scores"])
    assert facts["cell"] == judged.record.cell.id and facts["plan"] is None


def test_fewer_anchors_than_samples_are_said(judged: Verdict, found: Samples) -> None:
    assert not list(fewer_anchors(found, judged.anchors))
    (line,) = fewer_anchors(found, [Anchor("real", 20, {}), Anchor("random-unigram", 20, {})])
    assert line.startswith("real and random are of 20 sequences") and line.endswith("--samples 20 only")


def test_why_runs_are_not_tested_is_said(judged: Verdict) -> None:
    record = judged.record
    assert not list(untested([], [], ()))
    assert list(untested([record] * 3, [record], ())) == [
        "2 stored runs were made from other data; --plan NAME prepares it as a plan did"
    ]
    (line,) = untested([record] * 2, [record] * 2, ())
    assert line.startswith("no stored run has the same signatures")


def test_a_row_that_shares_no_column_with_its_plan_is_refused(judged: Verdict) -> None:
    row, cell = judged.record, judged.cell
    assert row is not None and plan_count([row]) == 25 and plan_count([]) is None
    refuse_unlike([row], "p", cell, Path("mine.txt"))
    more = replace(cell, evaluation=replace(cell.evaluation, samples=30))
    with pytest.raises(BenchError, match=r"plan p are made of 25 sequences, mine.txt of 30: .*; give --samples 25"):
        refuse_unlike([row], "p", more, Path("mine.txt"))
    with pytest.raises(BenchError, match="made from other data"):
        refuse_unlike([row], "p", replace(cell, fingerprint="other"), Path("mine.txt"))


def test_nothing_is_kept_unless_wanted(file: Path, judge: Judge, found: Samples, tmp_path: Path) -> None:
    said = verdict(judge, found, name="mine", file=file, runs=RunsFolder(tmp_path / "none"), kept=False)
    assert said.record is None and said.plain()["folder"] is None and not (tmp_path / "none").exists()


def test_the_row_enters_the_only_plan_of_its_dataset(judged: Verdict, tmp_path: Path) -> None:
    runs, dataset = tmp_path / "runs", judged.record.cell.dataset_label
    assert only_plan(RunsFolder(runs), dataset) == ELSEWHERE
    enter(judged.record, "one", RunsFolder(runs))
    assert only_plan(RunsFolder(runs), dataset) == "one" and judged.record.cell.id in kept_plans.read_all(runs)["one"]
    enter(judged.record, "two", RunsFolder(runs))
    with pytest.raises(BenchError, match="is in several plans: say with --plan which gets the row: one, two"):
        only_plan(RunsFolder(runs), dataset)


@pytest.mark.parametrize("name", ["", " ", "a/b", "a\\b", "a'b", 'a"b', "a\nb", "a\0b"])
def test_a_name_that_no_table_holds_is_refused(name: str) -> None:
    check_row_name("my model [k=1]")
    with pytest.raises(BenchError, match="a name without quotes and slashes, please"):
        check_row_name(name)
