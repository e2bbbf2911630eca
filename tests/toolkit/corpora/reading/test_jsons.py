"""JSON of every form gives the same column, and a fault is named with its line or row."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.toolkit.corpora.reading.jsons import from_document, from_lines

PATH = Path("t.json")


@pytest.mark.parametrize(
    ("text", "column", "values"),
    [
        ('["a", "b"]', "", ["a", "b"]),
        ('[{"x": "a"}, {"x": "b", "y": 1}]', "x", ["a", "b"]),
        ('[{"x": "a"}, {"y": 1}, null]', "x", ["a", None, None]),
        ('[["i", "a"], ["j", "b"]]', "2", ["a", "b"]),
        ('{"x": ["a", "b"], "n": 2}', "x", ["a", "b"]),
        ('{"x": {"0": "a", "1": "b"}}', "x", ["a", "b"]),
        ('{"data": [{"x": "a"}, {"x": "b"}]}', "x", ["a", "b"]),
        ("[123456789012345678901234567890]", "", ["123456789012345678901234567890"]),
    ],
)
def test_documents(text: str, column: str, values: list[object]) -> None:
    found = from_document([text], PATH, column)
    assert found.values == values and found.records == len(values)


def test_lines_and_a_document_of_lines_are_alike() -> None:
    lines = ['{"x": "a"}', "", '{"x": "b"}']
    found = from_lines(lines, PATH, "x")
    assert (found.values, found.records, found.notes) == (["a", "b"], 2, ())
    assert from_document(lines, PATH, "x")[:2] == found[:2]
    assert from_document(lines, PATH, "x").notes == ("t.json is read as JSON lines",)


@pytest.mark.parametrize(
    ("lines", "column", "told"),
    [
        (['{"x": 1}', "{"], "x", "line 2: no JSON (Expecting property name enclosed in double quotes, character 2)"),
        (["["], "", "one record a line is expected; name the file .json where it is one array"),
        (["[" * 100_000], "", "line 1: JSON that is nested too deeply"),
        (['{"x": 1}', '["a"]'], "x", 'row 2: ["a"] is not an object, as the first row is'),
        (['{"xs": 1}'], "x", "did you mean 'xs'"),
        (['{"x": 1}'], "", "t.json is a table: say which column, as in t.json#x"),
        (['"a"'], "x", "it holds texts, which have no columns; leave out #x"),
        (["[1, 2]"], "x", "its records are arrays; give a column by its place, as in t.json#1"),
        (["[1, 2]", "[3]"], "2", "row 2: 1 items; column 2 is absent"),
    ],
)
def test_a_fault_of_a_record_is_named(lines: list[str], column: str, told: str) -> None:
    with pytest.raises(BenchError) as caught:
        from_lines(lines, PATH, column)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "column", "told"),
    [
        ("3", "", "holds one value; an array"),
        ('{"x": 1}', "x", "holds one record; an array"),
        ('{"x": {"a": 1}}', "x", "t.json#x: an object (a); an array is expected"),
        ('{"x": [1], "y": [2]}', "z", "unknown column of t.json 'z'"),
        ("[1", "", "no JSON"),
    ],
)
def test_a_fault_of_a_document_is_named(text: str, column: str, told: str) -> None:
    with pytest.raises(BenchError) as caught:
        from_document([text], PATH, column)
    assert told in str(caught.value)
