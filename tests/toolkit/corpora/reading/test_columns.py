"""Which column of a table is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.toolkit.corpora.reading.columns import choose, refusal

PATH = Path("t.csv")


@pytest.mark.parametrize(
    ("first", "rest", "column", "found"),
    [
        (["id", " text "], [["1", "a"]], "text", (1, True)),
        (["x", "a b"], [["y", "c d"]], "2", (1, False)),
        (["1", "2"], [["a", "b"]], "2", (1, True)),
        (["1", "2"], [["3", "4"], ["5", "6"]], "2", (1, False)),
        (["text"], [], "text", (0, True)),
    ],
)
def test_by_name_or_by_place(first: list[str], rest: list[list[str]], column: str, found: tuple[int, bool]) -> None:
    assert choose(first, rest, column, PATH) == found


def test_an_unknown_column_is_refused_with_the_nearest() -> None:
    with pytest.raises(BenchError, match=r"unknown column of t\.csv 'txt'; did you mean 'text'\?; where the first row"):
        choose(["id", "text"], [], "txt", PATH)
    with pytest.raises(BenchError, match=r"2 columns are called 'a'; rename all but one"):
        choose(["a", "a"], [], "a", PATH)
    for outside in ("0", "3"):
        with pytest.raises(BenchError, match="unknown column"):
            choose(["a", "b"], [], outside, PATH)


def test_a_table_without_a_column_lists_its_columns() -> None:
    told = str(refusal(["id", "long name", "body"], "", PATH))
    assert told == "t.csv is a table: say which column, as in t.csv#body; it has id, 'long name', body"
    many = str(refusal([f"c{number}" for number in range(25)], "", PATH))
    assert "as in t.csv#c0" in many and many.endswith("c19 and 5 more")
