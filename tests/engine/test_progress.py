"""What a user sees: plain lines in a file, one live table in a terminal."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from bench.contracts.metric import Score
from bench.engine.board import duration, headline, told
from bench.engine.job import Context
from bench.engine.progress import Progress
from bench.planning.cell import Cell
from bench.records.events import Curve, Done, Epoch, Event, Failed, Refused, Start
from bench.records.journal import Journal, Record, read_record, write_cell

SCORES = {"ones": Score(value=0.25, better="higher", signature="s")}


@pytest.fixture
def cells(make_cell: Callable[..., Cell]) -> list[Cell]:
    return [make_cell(seed=seed) for seed in range(3)]


def console(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, height=30, color_system=None)


def shown(on: Console) -> str:
    assert isinstance(on.file, io.StringIO)
    return on.file.getvalue()


def write(cell: Cell, context: Context, *story: Event) -> None:
    for event in story:
        Journal(context.runs / cell.id).append(event)


EPOCH = Epoch(phase="mle", epoch=2, epochs=9, values={"loss": 4.2})
CURVE = Curve(x=2, phase="mle", scores={"ones": 0.5})
DONE = Done(scores=SCORES, hypotheses=30, seconds=50.0, wall_seconds=60.0)
START = Start(source={}, notes=())


def test_plain_lines_where_the_output_is_no_terminal(cells: list[Cell], context: Context) -> None:
    on, ended = console(False), list[Record]()
    with Progress(cells, context.runs, 2, on, ended.append) as progress:
        write(cells[0], context, START, EPOCH, CURVE)
        progress.tick()
        assert shown(on) == "" and ended == []
        write(cells[0], context, DONE)
        progress.tick()
        progress.tick()
        write(cells[1], context, START, Failed(error="Tiny: it [broke]"))
    assert shown(on).splitlines() == ["[1/3] Words Tiny seed 0: ones 0.2500", "failed: Words Tiny: it [broke]"]
    assert [(record.cell, record.status) for record in ended] == [(cells[0], "done"), (cells[1], "failed")]
    assert "\x1b" not in shown(on)


def test_a_refused_checkpoint_is_told_once(cells: list[Cell], context: Context) -> None:
    on = console(False)
    write(cells[0], context, START, Refused(message="an earlier one"))
    with Progress(cells, context.runs, 1, on, lambda _: None) as progress:
        write(cells[0], context, START, Refused(message="checkpoint 3 is refused: [why]"))
        progress.tick()
        progress.tick()
    assert shown(on).splitlines() == ["Words Tiny seed 0: checkpoint 3 is refused: [why]"]


def test_cells_kept_from_before_are_not_told_again(cells: list[Cell], context: Context) -> None:
    write(cells[0], context, START, DONE)
    on = console(False)
    with Progress(cells, context.runs, 1, on, lambda record: pytest.fail("ended before")):
        pass
    assert shown(on) == ""


def test_a_live_view_in_a_terminal(cells: list[Cell], context: Context) -> None:
    on = console(True)
    with Progress(cells, context.runs, 2, on, lambda record: None) as progress:
        write(cells[0], context, START, DONE)
        write(cells[1], context, START, EPOCH, CURVE)
        progress.tick()
        screen = shown(on)
        for text in ("dataset", "done", "running", "baseline", "phase", "seed", "epoch", "loss", "score", "left"):
            assert text in screen
        row = next(line for line in screen.splitlines() if "mle" in line)
        assert row.split() == ["Words", "Tiny", "mle", "1", "2/9", "4.2000", "ones", "0.5000", "1", "min", "0", "s"]
        total = next(line for line in screen.splitlines() if " 1/3 " in line)
        assert "━" in total and "1 min 0 s" in total, "one line for the dataset, with a bar"
        assert "1 of 3 cells done · 0 s elapsed · 1 min 0 s left" in screen and "pending" not in screen
    assert "[1/3] Words Tiny seed 0: ones 0.2500" in shown(on), "what ended stays above"
    assert "\x1b[?25h" in shown(on), "the cursor is shown again"


def test_names_are_shown_as_they_are(make_cell: Callable[..., Cell], context: Context) -> None:
    cell = replace(make_cell(), label="Bigram[epochs=8]", dataset_label=":x:[red]")
    write_cell(cell, context.runs / "named")
    write(cell, replace(context, runs=context.runs / "named"), START, replace(EPOCH, phase="mle [/b]"))
    on = console(True)
    with Progress([cell], context.runs / "named", 1, on, lambda record: None) as progress:
        progress.tick()
    assert all(name in shown(on) for name in ("Bigram[epochs=8]", ":x:[red]", "mle [/b]"))


def test_the_cursor_comes_back_though_the_last_look_fails(cells: list[Cell], context: Context) -> None:
    def fail(record: Record) -> None:
        raise RuntimeError("the store is gone")

    on = console(True)
    with pytest.raises(RuntimeError), Progress(cells, context.runs, 1, on, fail):
        write(cells[0], context, START, DONE)
    assert shown(on).rindex("\x1b[?25h") > shown(on).rindex("\x1b[?25l")


def test_more_cells_than_lines(make_cell: Callable[..., Cell], context: Context) -> None:
    cells = [make_cell(seed=seed) for seed in range(40)]
    for cell in cells[4:]:
        write(cell, context, START, EPOCH)
    on = Console(file=io.StringIO(), force_terminal=True, width=100, height=12, color_system=None)
    with Progress(cells, context.runs, 36, on, lambda record: None) as progress:
        progress.tick()
        screen = shown(on)
    assert screen.count("2/9") >= 5 and "29 more cells run" in screen
    assert len(screen.split("\x1b[?25h")[0].splitlines()) <= 12 + 1


def test_a_narrow_terminal_gives_each_cell_one_line(make_cell: Callable[..., Cell], context: Context) -> None:
    long = Epoch(phase="scheduled-sampling", epoch=200, epochs=300, values={"loss": 12.3456})
    tiny = make_cell()
    cells = [replace(tiny, label="scheduled-sampling", dataset_label="nottingham", seed=seed) for seed in range(3)]
    for cell in cells:
        write_cell(cell, context.runs)
        write(cell, context, START, long, CURVE)
    on = Console(file=io.StringIO(), force_terminal=True, width=80, height=24, color_system=None)
    with Progress(cells, context.runs, 1, on, lambda record: None) as progress:
        progress.tick()
        lines = shown(on).splitlines()
    assert max(map(len, lines[1:])) <= 80
    for text in ("200/300", "12.3456", "0.5000"):
        assert sum(text in line for line in lines) == 3


def test_a_hundred_cells_of_two_datasets_are_two_lines(make_cell: Callable[..., Cell], context: Context) -> None:
    tiny = make_cell()
    cells = [replace(tiny, dataset_label=name, seed=seed) for name in ("poems", "coco") for seed in range(50)]
    for cell in cells:
        write_cell(cell, context.runs)
    on = console(True)
    with Progress(cells, context.runs, 1, on, lambda record: None) as progress:
        progress.tick()
        lines = [line for line in shown(on).splitlines() if "0/50" in line]
    assert len(lines) == 2 and all("unknown" in line for line in lines)


def test_durations_are_told_in_words() -> None:
    assert [duration(seconds) for seconds in (None, 0.4, 59.4, 59.6, 282, 3_600 * 2 + 300)] == [
        *("unknown", "0 s", "59 s", "1 min 0 s", "4 min 42 s", "2 h 5 min"),
    ]


def test_what_a_running_cell_does_is_told(cells: list[Cell], context: Context) -> None:
    write(cells[0], context, START, EPOCH, CURVE)
    assert told(read_record(context.runs / cells[0].id)) == "mle 2/9 ones 0.5000"
    write(cells[0], context, DONE)
    assert told(read_record(context.runs / cells[0].id)) == "ones 0.2500"


@pytest.mark.parametrize(
    ("story", "left"),
    [
        ([], "unknown"),
        ([0], "2 min 0 s"),
        ([0, 1], "1 min 0 s"),
        ([0, 1, 2], "0 s"),
    ],
)
def test_time_left(cells: list[Cell], context: Context, story: list[int], left: str) -> None:
    for index in story:
        write(cells[index], context, START, DONE)
    on = console(True)
    with Progress(cells, context.runs, 1, on, lambda record: None):
        pass
    assert f"{left} left" in shown(on)


def test_time_spent_on_a_running_cell_counts(
    cells: list[Cell], context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(cells[0], context, START, replace(DONE, wall_seconds=3_600.0 * 4))
    write(cells[1], context, START)
    journal = context.runs / cells[1].id / "journal.jsonl"
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    began = now - 3_600 * 3
    journal.write_text(f'{{"event": "start", "time": {began}, "source": {{}}, "notes": []}}\n')
    on = console(True)
    with Progress(cells, context.runs, 1, on, lambda record: None):
        pass
    assert "5 h 0 min left" in shown(on)


def test_a_headline_that_is_undefined_or_absent(cells: list[Cell], context: Context) -> None:
    assert headline(read_record(context.runs / cells[0].id)) == "-"
    write(cells[0], context, START, Curve(x=0, phase="mle", scores={"ones": None}))
    assert headline(read_record(context.runs / cells[0].id)) == "-"
