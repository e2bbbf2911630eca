"""The data of a dataset: the first thing that breaks the contract is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bench.contracts.data import SequenceData, Source
from bench.contracts.errors import BenchError, ContractError
from bench.contracts.guards.dataset import check_unchanged, checked_data, fault, rest_checksum
from bench.contracts.vocabulary import Vocabulary

WORDS = Vocabulary(("a", "b", "c"), end=0)
SOURCE = Source("rows", "", "MIT", "generated")


def data(**changes: Any) -> SequenceData:
    rows = [np.array([[0, 1, 2], [2, 1, 0]]) for _ in range(3)]
    return replace(SequenceData(*rows, WORDS, SOURCE), **changes)


def test_data_that_keep_the_contract_come_back() -> None:
    whole = data(notes=("a note",), warnings=["a warning"])
    assert fault(whole) is None and checked_data(whole, "rows") is whole


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vocabulary": "abc"}, "the vocabulary is 'abc', not a Vocabulary"),
        ({"vocabulary": replace(WORDS, tokens="abc")}, "the tokens of the vocabulary are 'abc', not a tuple of text"),
        ({"vocabulary": replace(WORDS, tokens=("a", "b", "a"))}, "the token 'a' is in the vocabulary twice"),
        ({"vocabulary": replace(WORDS, tokens=("a", "b c"))}, "the token 'b c' is empty or holds a space"),
        ({"vocabulary": replace(WORDS, tokens=("a",))}, "a vocabulary of 1 leaves nothing to learn; it needs 2"),
        ({"vocabulary": replace(WORDS, start=3)}, "start = 3 of the vocabulary is outside it: an id from 0 to 2"),
        ({"vocabulary": replace(WORDS, unknown=-1)}, "unknown = -1 of the vocabulary is outside it"),
        ({"test": [[0]]}, "test must be a 2-d int64 array, not a list"),
        ({"test": np.zeros((1, 3))}, "test must be a 2-d int64 array, not float64 of shape (1, 3)"),
        ({"test": np.zeros((0, 3), np.int64)}, "no sequences in test; every split needs some"),
        ({"test": np.zeros((1, 2), np.int64)}, "test has rows of 2, train of 3"),
        ({"valid": np.full((1, 3), 3)}, "valid has ids outside the vocabulary 0..2"),
        ({"source": "rows"}, "the source is 'rows', not a Source"),
        ({"source": replace(SOURCE, file=None)}, "file of the source is None, not text"),
        ({"source": replace(SOURCE, kind="mine")}, "the kind of the source is 'mine'; choose one of published, local,"),
        ({"notes": "a note"}, "the notes are 'a note', not a tuple of text"),
        ({"warnings": (3,)}, "the warnings are (3,), not a tuple of text"),
    ],
)
def test_data_that_break_the_contract_are_refused(changes: dict[str, Any], message: str) -> None:
    found = fault(data(**changes))
    assert found is not None and found.startswith(message)
    with pytest.raises(BenchError, match=r"^rows: .*; try `bench check`$"):
        checked_data(data(**changes), "rows")


def test_anything_else_is_no_data() -> None:
    assert fault(None) == "load() returned None, not SequenceData"


def _into_rows(mine: SequenceData) -> None:
    mine.valid[0, 0] = 1


def _into_look_up(mine: SequenceData) -> None:
    mine.vocabulary.ids["a"] = 2


@pytest.mark.parametrize(
    "write",
    [
        _into_rows,
        _into_look_up,
        lambda mine: object.__setattr__(mine.vocabulary, "start", 1),
        lambda mine: object.__setattr__(mine.vocabulary, "end", None),
        lambda mine: object.__setattr__(mine.vocabulary, "joiner", ""),
        lambda mine: object.__setattr__(mine.source, "kind", "published"),
        lambda mine: object.__setattr__(mine, "notes", ("all is well",)),
    ],
)
def test_data_that_were_written_into_are_refused(write: Callable[[SequenceData], None]) -> None:
    mine = data(vocabulary=replace(WORDS), source=replace(SOURCE))
    given, rest = mine.fingerprint, rest_checksum(mine)
    check_unchanged(mine, given, rest, "mle")
    write(mine)
    with pytest.raises(ContractError, match="mle wrote into the data it was given: copy what you change"):
        check_unchanged(mine, given, rest, "mle")
