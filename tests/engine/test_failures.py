"""Recording a failure never fails: the cell fails alone, and the others go on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench.contracts.errors import folded, message_lines, named
from bench.engine.job import Context
from bench.engine.pool import run_all
from bench.planning.cell import Cell
from bench.records.events import Failed
from bench.records.journal import read_record


@pytest.mark.parametrize(
    ("trainer", "said"),
    [
        ("RaisesUnspeakable", "RaisesUnspeakable: Unspeakable"),
        ("RaisesSurrogate", "RaisesSurrogate: ValueError: byte \\udcff of a name"),
        ("LeavesNoDescriptors", "LeavesNoDescriptors: cannot write "),
    ],
)
def test_a_cell_that_fails_in_an_odd_way_fails_alone(
    trainer: str, said: str, make_cell: Callable[..., Cell], context: Context
) -> None:
    odd, sound = make_cell(trainer), make_cell("Tiny")
    run_all([odd, sound], context, 1, lambda: None, None)
    failed = read_record(context.runs / odd.id)
    assert failed.status == "failed" and failed.last(Failed) and said in failed.last(Failed).error  # type: ignore[union-attr]
    assert read_record(context.runs / sound.id).status == "done"


def test_a_cell_whose_folder_is_removed_ends_no_other(make_cell: Callable[..., Cell], context: Context) -> None:
    odd, sound = make_cell("RemovesItsFolder"), make_cell("Tiny")
    run_all([odd, sound], context, 1, lambda: None, None)
    assert not (context.runs / odd.id / "cell.json").exists()


class Odd(Exception):
    def __init__(self, says: Callable[[], str]) -> None:
        self.says = says

    def __str__(self) -> str:
        return self.says()


def ends() -> str:
    raise SystemExit


@pytest.mark.parametrize("says", [ends, lambda: "\udcff", lambda: "x" * 10**7, lambda: "\n \n", lambda: 3])
def test_any_exception_has_safe_text(says: Callable[[], str]) -> None:
    for text in (folded(Odd(says)), named(Odd(says)), *message_lines(Odd(says))):
        assert text.encode() and len(text) < 20_000 and "\n" not in text
