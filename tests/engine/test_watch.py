"""bench status --watch: the running cells of a folder, until none runs."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from bench.contracts.errors import BenchError
from bench.engine.job import Context
from bench.engine.watch import watch
from bench.planning.cell import Cell
from bench.records.events import Done, Epoch, Start
from bench.records.journal import Journal


def test_it_shows_epochs_until_no_cell_runs(make_cell: Callable[..., Cell], context: Context) -> None:
    journal, looks = Journal(context.runs / make_cell().id), list[str]()
    journal.append(Start(source={}, notes=()))
    screen = io.StringIO()

    def pause() -> None:
        looks.append(screen.getvalue())
        if len(looks) == 1:
            journal.append(Epoch(phase="mle", epoch=2, epochs=9, seconds=10.0, values={"loss": 4.2}))
        else:
            journal.append(Done(scores={}, hypotheses=1, seconds=1.0))

    watch(context.runs, Console(file=screen, force_terminal=True, width=100), pause)
    assert len(looks) == 2 and "starting" in looks[0] and "2/9" not in looks[0]
    assert "2/9" in looks[1] and "1 min 10 s" in looks[1], "seven epochs of ten seconds are left"


def test_it_needs_a_terminal(context: Context) -> None:
    with pytest.raises(BenchError, match="--watch needs a terminal"):
        watch(context.runs, Console(file=io.StringIO()))
