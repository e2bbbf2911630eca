"""The work for a cell does not grow with the number of cells: files opened, bytes read and looks are counted."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench.contracts.metric import Score
from bench.engine.overview import overview
from bench.engine.progress import NEXT, Progress
from bench.planning.cell import Cell
from bench.records import plans as kept_plans
from bench.records.events import Done, Epoch, Start
from bench.records.journal import Journal, Record, checked_record_of, write_cell
from bench.records.journal_frame import frame_of
from bench.records.plans import Entry
from bench.records.runs import RunsFolder
from bench.records.sync import project_plan
from bench.records.tracker import Tracker

DONE = Done(scores={"ones": Score(value=0.25, better="higher", signature="s" * 200)}, hypotheses=3, seconds=1.0)
START = Start(source={}, notes=("n" * 500,))
EPOCH = Epoch(phase="mle", epoch=1, epochs=9, values={"loss": 4.2})


@dataclass
class Work:
    """What Python code did with files."""

    opened: int = 0
    looked: int = 0
    read: int = 0


_counting: list[Work] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _counting and event == "open" and str(arguments[0]).endswith((".jsonl", ".json")):
        _counting[-1].opened += 1
        _counting[-1].read += Path(arguments[0]).stat().st_size if Path(arguments[0]).exists() else 0


@pytest.fixture(scope="module", autouse=True)
def hooked() -> None:
    sys.addaudithook(_hook)  # for good, but it counts only within `counted`


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    work, stat = Work(), Path.stat

    def counting(path: Path, **options: Any) -> Any:
        work.looked += path.suffix == ".jsonl"
        return stat(path, **options)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", counting)
        _counting.append(work)
        try:
            yield work
        finally:
            _counting.pop()


def console(terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, height=30, color_system=None)


@pytest.fixture
def make_cells(make_cell: Callable[..., Cell], tmp_path: Path) -> Callable[[int], tuple[list[Cell], Path]]:
    """Make so many cells in a runs folder of their own."""
    first = make_cell()

    def make(count: int) -> tuple[list[Cell], Path]:
        runs = tmp_path / f"runs-{count}"
        cells = [replace(first, seed=seed) for seed in range(count)]
        for cell in cells:
            write_cell(cell, runs)
        return cells, runs

    return make


def test_a_tick_costs_the_same_among_many_cells(
    make_cells: Callable[[int], tuple[list[Cell], Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(count: int) -> Work:
        cells, runs = make_cells(count)
        ended: list[Record] = []
        with Progress(cells, runs, 2, console(), ended.append) as progress:
            with counted(monkeypatch) as found:
                for cell in cells[:40]:
                    for event in (START, EPOCH, DONE):
                        Journal(runs / cell.id).append(event)
                        progress.tick()
            assert [record.cell for record in ended] == cells[:40]
            assert ended[0].scores == DONE.scores and len(ended[0].events) == 3
        return found

    few, many = work(50), work(400)
    assert many.opened == few.opened and many.read == pytest.approx(few.read, rel=0.01), "times differ in length"
    assert few.looked <= many.looked <= 120 * (2 * NEXT + 10)


LOOKS: dict[str, Callable[[Sequence[Cell], Path], object]] = {
    "status": lambda cells, runs: overview(RunsFolder(runs)),
    "schedule": lambda cells, runs: [write_cell(cell, runs) for cell in cells],
    "resume": lambda cells, runs: [checked_record_of(cell, runs / cell.id) for cell in cells],
    "report": lambda cells, runs: frame_of(RunsFolder(runs), "all"),
    "sync": lambda cells, runs: project_plan(Untold(), "all", RunsFolder(runs).plans["all"], RunsFolder(runs)),
}


class Untold(Tracker):
    """Writes nothing."""

    def project(self, record: Record, plan: str, entry: Entry) -> str:
        return ""


@pytest.mark.parametrize("name", LOOKS)
def test_each_file_of_many_cells_is_opened_as_often_as_of_few(
    make_cells: Callable[[int], tuple[list[Cell], Path]], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def opened(count: int) -> int:
        cells, runs = make_cells(count)
        for cell in cells:
            for event in (START, EPOCH, DONE):
                Journal(runs / cell.id).append(event)
        kept_plans.write("all", {cell.id: Entry(label=cell.label) for cell in cells}, runs)
        with counted(monkeypatch) as found:
            LOOKS[name](cells, runs)
        return found.opened

    few, many = opened(20), opened(80)
    assert few >= 20, "it reads each cell"
    assert many <= 4 * few, "the plan is opened as often, each cell as often"


def test_of_a_running_cell_only_new_lines_are_read(make_cells: Callable[[int], tuple[list[Cell], Path]]) -> None:
    (cell,), runs = make_cells(1)
    journal = Journal(runs / cell.id)
    journal.append(START)
    events, place = journal.read_from(0)
    assert [type(event) for event in events] == [Start] and place == journal.path.stat().st_size
    with journal.path.open("ab") as file:
        file.write(b'{"event": "ep')
    assert journal.read_from(place) == ([], place), "a line that is being written is left for the next look"
    journal.append(EPOCH)
    events, later = journal.read_from(place)
    assert [type(event) for event in events] == [Epoch] and later == journal.path.stat().st_size
    journal.path.write_bytes(b"")
    journal.append(DONE)
    assert [type(event) for event in journal.read_from(later)[0]] == [Done], "a shorter file is read anew"


def test_a_cluster_may_run_cells_in_any_order(make_cells: Callable[[int], tuple[list[Cell], Path]]) -> None:
    cells, runs = make_cells(200)
    ended: list[Record] = []
    with Progress(cells, runs, 1, console(), ended.append) as progress:
        Journal(runs / cells[-1].id).append(DONE)
        for _ in range(1 + len(cells) // NEXT):
            progress.tick()
        assert [record.cell for record in ended] == [cells[-1]]


def test_a_cell_keeps_little_of_a_long_journal(make_cells: Callable[[int], tuple[list[Cell], Path]]) -> None:
    (cell,), runs = make_cells(1)
    with Progress([cell], runs, 1, console(), lambda record: None) as progress:
        for _ in range(50):
            Journal(runs / cell.id).append(EPOCH)
        Journal(runs / cell.id).append(replace(DONE, profiles={"drift": [0.1] * 1000}))
        progress.tick()
        kept = progress.records[cell.id]
        assert len(kept.events) == 2 and kept.done is not None and kept.done.profiles is None


def test_the_live_table_is_not_drawn_at_each_finished_cell(
    make_cells: Callable[[int], tuple[list[Cell], Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    cells, runs = make_cells(30)
    now, drawn = 0.0, 0

    class Clock:
        def monotonic(self) -> float:
            return now

    monkeypatch.setattr("bench.engine.progress.time", Clock())
    with Progress(cells, runs, 1, console(terminal=True), lambda record: None) as progress:
        view = progress.board.view

        def slow(records: Any) -> Any:
            nonlocal now, drawn
            now, drawn = now + 0.02, drawn + 1
            return view(records)

        monkeypatch.setattr(progress.board, "view", slow)
        for cell in cells:  # one every 10 ms
            Journal(runs / cell.id).append(DONE)
            progress.tick()
            now += 0.01
    assert drawn == 3, "at once, after 200 ms, and at the end"
