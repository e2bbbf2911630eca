"""bench rejudge, and --metric of run, report and score: columns of the user's own metrics."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli.main import bench
from bench.contracts.errors import BenchError
from bench.records.journal import read_record

LENGTHS = Path(__file__).parents[2] / "shelf" / "lengths.py"
TEXT = ("-d", "text:tiny.txt", "--data", "sample")


@pytest.fixture
def stored(workplace, migrated_store):
    """Put a plug-in metric and an empty MLflow store into the current folder."""
    shutil.copy(LENGTHS, workplace)
    shutil.copy(migrated_store, workplace / "mlflow.db")


def columns(workplace):
    """Return (label, metric) -> the line of the report's table."""
    (path,) = (workplace / "results").glob("*/table-text-tiny-*.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return {(row["label"], row["metric"]): row for row in csv.DictReader(file)}


def test_a_column_joins_the_table_of_runs_and_of_a_file_of_samples(stored, finish, call, workplace):
    records = finish("text:tiny.txt", "mle", seeds=2)
    call("report", "--metric", "lengths.py:Surprise", "--data", "sample")
    before = columns(workplace)
    (added,) = {metric for _, metric in before if metric.startswith("surprise ")}
    assert before["mle", added]["done"] == "2" and before["mle", added]["state"] == "value"
    assert before["real", added]["state"] == "undefined", "held-out data has no probability"
    assert [metric for label, metric in before if label == "mle"][-1] == added
    assert all(read_record(record.folder).cell == record.cell for record in records)

    said = call("rejudge", "--metric", "lengths.py:Zeros", "--data", "sample").stdout
    assert said == "3 finished runs are judged by lengths.py:Zeros\n"
    shutil.copy(records[1].folder / "samples.txt", workplace / "mine.txt")
    arguments = ("mine.txt", *TEXT, "--name", "mine", "--metric", "lengths.py:Zeros", "--plan", "small", "--track")
    found = json.loads(call("score", *arguments, "--json").stdout)
    (zeros,) = {name for name in found["scores"] if name.startswith("zeros ")}
    call("report")
    after = columns(workplace)
    assert after["mine", zeros]["mean"] == after["mle", zeros]["values"].split()[0], "the samples are those of seed 0"
    assert [test for test in found["tests"] if test["metric"] == zeros], "tested against the runs"
    assert {key: row["values"] for key, row in after.items() if key in before} == {
        key: row["values"] for key, row in before.items()
    }


def test_a_metric_is_refused_before_training_and_one_that_fails_after_it_costs_no_table(stored, workplace):
    run = ("run", "-b", "random-unigram", *TEXT, "--preset", "smoke", "--jobs", "1")
    with pytest.raises(BenchError, match="did you mean 'Zeros'"):
        CliRunner().invoke(bench, [*run, "--metric", "lengths.py:Zeroes"], catch_exceptions=False)
    assert not (workplace / "runs").exists()
    broken = CliRunner().invoke(bench, [*run, "--metric", "lengths.py:Broken"])
    assert broken.exit_code == 1 and "no such thing; `bench rejudge` tries again" in broken.output
    assert columns(workplace)
    assert CliRunner().invoke(bench, [*run, "--metric", "lengths.py:Zeros"]).exit_code == 0
    assert any(metric.startswith("zeros ") for _, metric in columns(workplace))
