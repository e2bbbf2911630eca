"""`bench plan`: list, show, rename and drop-row, in the runs folder, in MLflow and in the results."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from bench.contracts.errors import BenchError
from bench.records import at_work
from bench.records import plans as kept_plans
from bench.records.journal import Record
from bench.records.plan_facts import all_facts, facts
from bench.records.runs import RunsFolder
from bench.records.tracker import Tracker

Call = Callable[..., Result]
KNOBS = ("mle.rate=0.05",)


@pytest.fixture
def small(finish: Callable[..., list[Record]], workplace: Path, migrated_store: Path, call: Call) -> list[Record]:
    """Return the cells of the plan `small`, which MLflow has too: real, and two seeds of each of two arms."""
    shutil.copy(migrated_store, workplace / "mlflow.db")
    found = finish("text:tiny.txt", "mle", "random-unigram", seeds=2, overrides=KNOBS)
    call("sync")
    return found


def rows(plan: str) -> dict[str, tuple[int, ...]]:
    return {row.label: row.seeds for row in facts(RunsFolder(Path("runs")), plan).rows}


def tracked(plan: str) -> set[str]:
    return set(Tracker().frame(plan)["label"])


def test_plans_are_listed_and_shown(small: list[Record], call: Call) -> None:
    kept_plans.write("later", {small[0].cell.id: kept_plans.Entry(tags={"preset": "lean"})}, Path("runs"))
    later, first = all_facts(RunsFolder(Path("runs")))
    assert (later.name, later.presets, later.labels, dict(later.states)) == ("later", ("lean",), ("real",), {"done": 1})
    assert (first.name, first.datasets, dict(first.states)) == ("small", ("text:tiny",), {"done": 5})
    assert rows("small") == {"real": (0,), "mle[rate=0.05]": (0, 1), "random-unigram": (0, 1)}
    printed = call("plan", "list").stdout
    assert printed.index("later") < printed.index("small") and "5 done" in printed and later.date in printed
    shown = [line.split() for line in call("plan", "show", "small").stdout.splitlines()]
    assert ["text:tiny", "mle[rate=0.05]", "0,", "1", "2", "done"] in shown


def test_a_lost_cell_is_missing_and_an_empty_folder_is_told(small: list[Record], call: Call, workplace: Path) -> None:
    shutil.rmtree(small[-1].folder)
    states = {row.label: dict(row.states) for row in facts(RunsFolder(Path("runs")), "small").rows}
    assert states["?"] == {"missing": 1} and states["random-unigram"] == {"done": 1}
    assert "no plans in none" in call("plan", "list", "--runs", "none").stdout and not Path("none").exists()


def test_a_renamed_plan_keeps_its_runs_everywhere(small: list[Record], call: Call) -> None:
    call("report")
    before, ids = rows("small"), set(Tracker().frame("small")["run_id"])
    said = call("plan", "rename", "small", "my own").stdout
    assert said == f"plan small is called my own now; its report is in {Path('results', 'my own')}\n"
    assert list(RunsFolder(Path("runs")).plans) == ["my own"] and rows("my own") == before
    assert set(Tracker().frame("my own")["run_id"]) == ids, "no run is written again"
    with pytest.raises(BenchError, match="unknown plan 'small'"):
        Tracker().frame("small")
    assert not Path("results", "small").exists()
    assert json.loads(Path("results", "my own", "summary.json").read_text())["plan"] == "my own"
    page = Path("results", "index.html").read_text()
    assert "my%20own/index.html" in page and "small" not in page
    call("sync")
    assert set(Tracker().frame("my own")["run_id"]) == ids


def test_a_rename_that_ended_half_way_goes_on(small: list[Record], call: Call) -> None:
    """MLflow has the new name of some runs, and the runs folder the old one."""
    Tracker().rename_plan("small", "new", {small[1].cell.id})
    call("plan", "rename", "small", "new")
    assert tracked("new") == {"real", "mle[rate=0.05]", "random-unigram"}


def test_a_dropped_row_leaves_the_tables_and_keeps_its_cells(small: list[Record], call: Call) -> None:
    call("report")
    said = call("plan", "drop-row", "small", "mle[rate=0.05]").stdout
    assert said == f"mle[rate=0.05] is out of plan small: 2 cells; {Path('results', 'small')} is written anew\n"
    assert rows("small").keys() == tracked("small") == {"real", "random-unigram"}
    assert "mle" not in Path("results", "small", "runs.csv").read_text()
    assert all(record.folder.is_dir() for record in small)
    kept_plans.write("small", {small[1].cell.id: kept_plans.Entry()}, Path("runs"))
    call("sync")
    assert tracked("small") == {"real", "random-unigram", "mle[rate=0.05]"}, "asked for again, it is back"


MISTAKES = {
    ("show", "smal"): "unknown plan in runs 'smal'; did you mean 'small'",
    ("rename", "smal", "new"): "unknown plan in runs 'smal'; did you mean 'small'",
    ("rename", "small", "a/b"): "name it with letters",
    ("rename", "small", "other"): "plan other is in runs already: choose another name",
    ("rename", "small", "foreign"): "plan foreign is in sqlite:///mlflow.db already",
    (
        "drop-row",
        "small",
        "random-unigran",
    ): "unknown row of plan small 'random-unigran'; did you mean 'random-unigram'",
    ("drop-row", "small", "real"): "real stands in each table",
    ("drop-row", "small", "random-unigram", "-d", "poems"): "unknown dataset of random-unigram .* known: text:tiny",
}


def test_mistakes_are_named_and_change_nothing(small: list[Record], call: Call) -> None:
    entry = kept_plans.Entry(tags={"preset": "quick"}, asked=1)
    kept_plans.write("other", {small[0].cell.id: entry}, Path("runs"))
    Tracker().project(replace(small[0], cell=replace(small[0].cell, seed=9)), "foreign", entry)
    before = rows("small"), tracked("small")
    for arguments, message in MISTAKES.items():
        with pytest.raises(BenchError, match=message):
            call("plan", *arguments)
    with at_work.on_all(Path("runs")), pytest.raises(BenchError, match="another bench is at work in runs"):
        call("plan", "rename", "small", "new")
    assert (rows("small"), tracked("small")) == before and not Path("results").exists()


def test_without_a_store_none_is_made(finish: Callable[..., list[Record]], call: Call) -> None:
    finish("text:tiny.txt", "random-unigram")
    call("plan", "rename", "small", "new")
    call("plan", "drop-row", "new", "random-unigram")
    assert not Path("mlflow.db").exists() and rows("new") == {"real": (0,)}
