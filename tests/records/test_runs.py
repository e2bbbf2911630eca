"""Commands find runs in a runs folder, and each file is read once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.contracts.errors import BenchError
from bench.planning.cell import ELSEWHERE, Cell, Evaluation
from bench.records import one_name, plans
from bench.records.events import Done, Event, Failed, Start
from bench.records.journal import Journal, Record, write_cell
from bench.records.plans import Entry
from bench.records.runs import RunsFolder, seeds

START, DONE = Start(source={}, notes=()), Done(scores={}, hypotheses=9, seconds=1.0)

Put = Callable[..., Cell]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """put("mle", 1) writes a finished cell of a row and seed; keywords change the cell."""

    def put(label: str, seed: int = 0, *, events: tuple[Event, ...] = (START, DONE), **changes: Any) -> Cell:
        fields: dict[str, Any] = {
            "label": label,
            "reference": label,
            "baseline": label,
            "settings": (("label", label),),
            "dataset": "oracle",
            "dataset_label": "oracle",
            "dataset_settings": (),
            "fingerprint": "f",
            "seed": seed,
            "evaluation": Evaluation(),
        }
        cell = Cell(**(fields | changes))
        journal = Journal(write_cell(cell, tmp_path))
        for event in events:
            journal.append(event)
        return cell

    return put


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Return how often each JSON file was read, by folder and name."""
    found, read, opened = Counter[str](), Path.read_text, os.open

    def counted(path: Path, *given: Any, **more: Any) -> str:
        found[f"{path.parent.name}/{path.name}"] += 1
        return read(path, *given, **more)

    def counted_open(path: Any, *given: Any, **more: Any) -> int:
        found[f"{Path(path).parent.name}/{Path(path).name}"] += 1
        return opened(path, *given, **more)

    monkeypatch.setattr(Path, "read_text", counted)
    monkeypatch.setattr(os, "open", counted_open)
    return found


def rows(records: list[Record]) -> list[tuple[str, int]]:
    return [(record.cell.label, record.cell.seed) for record in records]


def test_an_empty_folder_holds_nothing(tmp_path: Path) -> None:
    runs = RunsFolder(tmp_path / "absent")
    assert (runs.ids, runs.plans, runs.finished(), runs.of_plan("quick"), runs.by_id("0" * 16)) == (
        (),
        {},
        [],
        [],
        None,
    )
    with pytest.raises(BenchError, match=r"no finished run of oracle in .*absent: `bench run` makes some"):
        runs.of_label("mle", "oracle")


def test_finished_cells_come_by_label_and_seed(put: Put, tmp_path: Path) -> None:
    for label, seed in (("mle", 1), ("mle", 0), ("adversary", 0)):
        put(label, seed)
    put("failed", events=(START, Failed(error="e")))
    put("poet", dataset="poems", dataset_label="poems")
    runs = RunsFolder(tmp_path)
    assert rows(runs.finished("oracle")) == [("adversary", 0), ("mle", 0), ("mle", 1)]
    assert rows(runs.finished()) == [*rows(runs.finished("oracle")), ("poet", 0)]
    assert len(runs.records()) == 5 and list(runs.ids) == sorted(record.cell.id for record in runs.records())


def test_a_plan_has_its_cells_in_the_order_of_asking(put: Put, tmp_path: Path) -> None:
    cells = [put("b"), put("a"), put("c", dataset="poems", dataset_label="poems")]
    plans.write("mine", {cell.id: Entry() for cell in cells} | {"0" * 16: Entry()}, tmp_path)
    runs = RunsFolder(tmp_path)
    assert rows(runs.of_plan("mine")) == [("b", 0), ("a", 0), ("c", 0)]
    assert rows(runs.of_plan("mine", "oracle")) == [("b", 0), ("a", 0)] and runs.of_plan("other") == []
    assert rows(runs.those([cells[1].id, "absent", cells[0].id])) == [("a", 0), ("b", 0)]


def test_a_row_is_found_by_each_of_its_labels(put: Put, tmp_path: Path) -> None:
    cells = [put("mle", seed) for seed in (1, 0)]
    plans.write("sweep", {cell.id: Entry(label="mle[k=2]") for cell in cells}, tmp_path)
    runs = RunsFolder(tmp_path)
    for label in ("mle", "mle[k=2]"):
        assert rows(runs.of_label(label)) == [("mle", 0), ("mle", 1)] == rows(runs.find(label))
    assert rows(runs.of_label("mle[k=2]", plan="sweep")) == [("mle", 0), ("mle", 1)]
    assert runs.names_of(runs.record(cells[0].id)) == {"mle", "mle[k=2]"}
    assert runs.names_of(runs.record(cells[0].id), "sweep") == {"mle[k=2]"}
    with pytest.raises(BenchError, match=r"unknown finished run in .* 'mle'; did you mean 'mle\[k=2\]'"):
        runs.of_label("mle", plan="sweep")
    with pytest.raises(BenchError, match=r"unknown plan in .* 'sweeps'; did you mean 'sweep'"):
        runs.of_label("mle", plan="sweeps")


def test_within_a_plan_the_row_asked_for_last_is_meant(put: Put, tmp_path: Path) -> None:
    old, new = put("mle", settings=(("k", 1),)), put("mle", settings=(("k", 2),))
    with pytest.raises(BenchError, match=f"several knobs, data or code .cells .*{old.id}.*: say which with --plan"):
        RunsFolder(tmp_path).of_label("mle")
    plans.write("mine", {old.id: Entry(), new.id: Entry()}, tmp_path)
    assert [record.cell for record in RunsFolder(tmp_path).of_label("mle", plan="mine")] == [new]
    plans.write("mine", {old.id: Entry()}, tmp_path)
    assert [record.cell for record in RunsFolder(tmp_path).of_label("mle", plan="mine")] == [old]


def test_a_row_of_two_datasets_needs_one_named(put: Put, tmp_path: Path) -> None:
    put("mle")
    put("mle", dataset="poems", dataset_label="poems")
    with pytest.raises(BenchError, match="mle was run on oracle, poems: choose one with -d"):
        RunsFolder(tmp_path).of_label("mle")
    assert [r.cell.dataset for r in RunsFolder(tmp_path).of_label("mle", "poems")] == ["poems"]


def test_a_cell_is_found_by_the_beginning_of_its_id(put: Put, tmp_path: Path) -> None:
    cell, failed = put("mle"), put("other", events=(START, Failed(error="e")))
    runs = RunsFolder(tmp_path)
    for text in (cell.id, cell.id[:6]):
        found = runs.by_id(text)
        assert found is not None and found.cell == cell and runs.find(text) == [found]
    assert runs.by_id(cell.id[:5]) is None and runs.by_id("x" * 16) is None
    with pytest.raises(BenchError, match=rf"cell {failed.id} \(other\) is failed, not done"):
        runs.by_id(failed.id)
    (tmp_path / f"{cell.id[:8]}-copy").mkdir()
    (tmp_path / f"{cell.id[:8]}-copy" / "cell.json").write_bytes((tmp_path / cell.id / "cell.json").read_bytes())
    with pytest.raises(BenchError, match=r"begins 2 cells in .*: give more of its digits"):
        RunsFolder(tmp_path).by_id(cell.id[:6])


def test_one_run_is_that_of_the_seed_or_of_the_lowest(put: Put, tmp_path: Path) -> None:
    cells = [put("mle", seed) for seed in (1, 0)]
    runs = RunsFolder(tmp_path)
    assert runs.find_one("mle").cell == cells[1] and runs.find_one("mle", seed=1).cell == cells[0]
    assert runs.find_one(cells[0].id, seed=7).cell == cells[0], "an id tells its own seed"
    with pytest.raises(BenchError, match="no finished run of mle with seed 2: there are seeds 0, 1"):
        runs.find_one("mle", seed=2)


def test_a_damaged_cell_is_named_where_it_is_needed(put: Put, tmp_path: Path) -> None:
    whole, damaged = put("mle"), put("other")
    (tmp_path / damaged.id / "cell.json").write_text("{")
    runs = RunsFolder(tmp_path)
    assert runs.whole_cells() == [whole] and runs.record(whole.id).status == "done"
    assert [record.cell for record in runs.finished()] == [whole]
    with pytest.raises(BenchError, match=rf"{damaged.id}/cell\.json is damaged"):
        runs.record(damaged.id)
    assert set(runs.damaged) == {damaged.id} and "cell.json is damaged" in runs.damaged[damaged.id]


def test_each_file_is_read_once(put: Put, tmp_path: Path, reads: Counter[str]) -> None:
    cells = [put("mle", seed) for seed in range(3)]
    plans.write("mine", {cell.id: Entry() for cell in cells}, tmp_path)
    reads.clear()
    runs = RunsFolder(tmp_path)
    assert not reads, "lazily"
    for _ in range(2):
        assert len(runs.finished()) == len(runs.of_plan("mine")) == len(runs.of_label("mle", plan="mine")) == 3
        assert (
            runs.by_id(cells[0].id) and len(runs.whole_cells()) == 3 and len(list(one_name.in_runs(runs, "mine"))) == 3
        )
    files = [f"{cell.id}/{name}" for cell in cells for name in ("cell.json", "journal.jsonl")]
    assert reads == Counter([*files, "plans/mine.json"])


def test_one_cell_is_found_without_reading_the_others(put: Put, tmp_path: Path, reads: Counter[str]) -> None:
    cells = [put("mle", seed) for seed in range(3)]
    reads.clear()
    assert RunsFolder(tmp_path).by_id(cells[0].id)
    assert reads == Counter([f"{cells[0].id}/cell.json", f"{cells[0].id}/journal.jsonl"])


def test_what_is_written_later_is_seen_by_a_new_folder_only(put: Put, tmp_path: Path) -> None:
    put("mle")
    runs = RunsFolder(tmp_path)
    assert len(runs.finished()) == 1
    put("mle", 1)
    assert len(runs.finished()) == 1 and len(RunsFolder(tmp_path).finished()) == 2


def test_samples_made_elsewhere_hold_a_name_in_their_own_plan_only(put: Put, tmp_path: Path) -> None:
    run, file = put("mle"), put("mine", reference=ELSEWHERE, dataset_label="theirs")
    plans.write("small", {run.id: Entry(), file.id: Entry()}, tmp_path)
    runs = RunsFolder(tmp_path)
    assert {corpus.name for corpus in one_name.in_runs(runs, "small")} == {"oracle", "theirs"}
    assert {corpus.name for corpus in one_name.in_runs(runs, "other")} == {"oracle"}


def test_seeds_are_told_in_their_order(put: Put, tmp_path: Path) -> None:
    for seed in (2, 0):
        put("mle", seed)
    assert seeds(RunsFolder(tmp_path).of_label("mle")) == "0, 2"
