"""CSV and TSV as people make them: delimiters, headers, and quotation marks that do not pair."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.contracts.errors import BenchError
from bench.toolkit.corpora.reading.rows import Rows, parse

TEXTS = [f"the {['red', 'tall', 'old'][index % 3]} fox {index} sat here ." for index in range(60)]


def read(name: str, content: str, column: str) -> Rows:
    return parse(content.encode(), Path(name), column)


def table(texts: list[str], delimiter: str) -> str:
    return f"id{delimiter}text\n" + "".join(f"{index}{delimiter}{text}\n" for index, text in enumerate(texts))


OPEN = {
    "one opens": {9: '" what a fox .'},
    "two open": {9: '" what a fox .', 29: '" no , a dog .'},
    "one opens, a later one closes": {9: '"what a fox .', 39: 'a fox . "'},
    "closes at once": {9: '"what a fox .', 10: 'a fox . "'},
    "inches": {9: 'a 5" fox .', 19: 'a 7" fox .'},
    "whole": {9: '"what a fox ."'},
    "doubled": {9: '""what a fox .""'},
}


@pytest.mark.parametrize("case", OPEN)
def test_no_mark_in_a_tsv_swallows_a_row(case: str) -> None:
    texts = [OPEN[case].get(index, text) for index, text in enumerate(TEXTS)]
    assert read("t.tsv", table(texts, "\t"), "text").cells == texts


@pytest.mark.parametrize("case", ["one opens", "two open", "one opens, a later one closes", "closes at once"])
def test_a_csv_whose_marks_fail_is_read_line_by_line(case: str) -> None:
    texts = [OPEN[case].get(index, text).replace(",", "") for index, text in enumerate(TEXTS)]
    found = read("t.csv", table(texts, ","), "text")
    assert found.cells == texts
    kept = sum(text.startswith('"') for text in texts)
    assert found.notes == (f"quotation marks do not pair, so that each line is a row; {kept} cells keep theirs",)


def test_a_csv_whose_marks_fail_among_quoted_cells() -> None:
    lines = ["id,text", *(f'{index},"{text}"' for index, text in enumerate(TEXTS))]
    lines[10] = lines[10][:-1]
    assert read("t.csv", "\n".join(lines), "text").cells == [*TEXTS[:9], f'"{TEXTS[9]}', *TEXTS[10:]]


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("one opens", r"t.csv, line 11: quotation marks do not pair .*; double those in a text"),
        ("two open", r"t.csv, line 11: quotation marks do not pair"),
        ("one opens, a later one closes", r"t.csv, line 11: a quotation mark opens a cell that goes on to line 41"),
        ("closes at once", r"t.csv, line 11: a quotation mark opens a cell that goes on to line 12"),
    ],
)
def test_a_csv_that_can_be_read_neither_way_is_refused(case: str, message: str) -> None:
    texts = [OPEN[case].get(index, text) for index, text in enumerate(TEXTS)]
    texts[50] = '"a comma, quoted"'
    if case == "two open":
        texts[29] = '" no " a dog .'
    with pytest.raises(BenchError, match=message):
        read("t.csv", table(texts, ","), "text")


def test_rows_are_swallowed_where_no_column_tells_numbers() -> None:
    texts = [OPEN["one opens, a later one closes"].get(index, text) for index, text in enumerate(TEXTS)]
    content = "who,text\n" + "".join(f"ann,{text}\n" for text in texts)
    assert read("t.csv", content, "text").cells == texts


def test_cells_of_several_lines_are_one_row() -> None:
    letter = '"Dear John,\nyou owe me 5, or 6\n\nyours"'
    texts = [letter if index == 9 else text for index, text in enumerate(TEXTS)]
    for name, delimiter in (("t.csv", ","), ("t.tsv", "\t")):
        found = read(name, table(texts, delimiter), "text")
        assert len(found.cells) == 60 and found.cells[9] == "Dear John, you owe me 5, or 6 yours"
        assert found.notes == ("1 rows take several lines, 4 at most",)


@pytest.mark.parametrize("name", ["t.csv", "t.tsv"])
@pytest.mark.parametrize(
    ("delimiter", "said"), [(",", "a comma"), (";", "a semicolon"), ("\t", "a tab"), ("|", "a bar")]
)
def test_another_delimiter_is_found_and_told(name: str, delimiter: str, said: str) -> None:
    found = read(name, table(TEXTS, delimiter), "text")
    own = delimiter == {"t.csv": ",", "t.tsv": "\t"}[name]
    assert found.cells == TEXTS and found.notes == (() if own else (f"cells of {name} are parted by {said}",))


@pytest.mark.parametrize("rest", [1, "pos", 0.5])
def test_cells_of_several_lines_before_other_columns_are_one_row(rest: object) -> None:
    texts = [f"line of {index}\nand more" if index % 7 == 0 else text for index, text in enumerate(TEXTS)]
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([("text", "label"), *((text, rest) for text in texts)])
    assert read("t.csv", stream.getvalue(), "text").cells == [text.replace("\n", " ") for text in texts]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text('ab5 \n"é', min_size=1).filter(str.strip), min_size=1, max_size=6), st.booleans())
def test_line_breaks_in_quoted_cells_come_back_as_blanks(texts: list[str], first: bool) -> None:
    rows = [(text, "x") if first else (str(index), text) for index, text in enumerate(texts)]
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([("text", "by") if first else ("id", "text"), *rows])
    expected = [re.sub(r"\s*\n\s*", " ", text.strip("\n")) if "\n" in text else text for text in texts]
    assert read("t.csv", stream.getvalue(), "text").cells == expected


def test_commas_within_the_texts_of_a_file_with_semicolons() -> None:
    texts = [f"{text}, or not, said he" for text in TEXTS]
    assert read("t.csv", table(texts, ";"), "text").cells == texts


def test_a_file_of_one_column() -> None:
    assert read("t.csv", "text\n" + "\n".join(TEXTS), "text").cells == TEXTS
    with pytest.raises(BenchError, match=r"t.csv, row 3 \(line 4\): 2 cells where the first row has 1; quote cells"):
        read("t.csv", "text\na\nb\nc, d\n", "text")


def test_rows_of_unequal_width_are_refused_with_their_number() -> None:
    for name, delimiter in (("t.csv", ","), ("t.tsv", "\t")):
        lines = table(TEXTS, delimiter).splitlines()
        for broken in ("8", delimiter.join(("8", "a", "b"))):
            content = "\n".join([*lines[:9], "", broken, *lines[9:]])
            with pytest.raises(BenchError, match=rf"{name}, row 9 \(line 11\): {broken.count(delimiter) + 1} cells"):
                read(name, content, "text")


def test_a_file_without_a_header_keeps_its_first_row() -> None:
    for name, delimiter in (("t.csv", ","), ("t.tsv", "\t")):
        content = "".join(f"{index % 5}{delimiter}{text}\n" for index, text in enumerate(TEXTS, 2))
        found = read(name, content, "2")  # the first row's label is 2
        assert found.cells == TEXTS and "the first row is data" in found.notes[0]
        with pytest.raises(BenchError, match="unknown column"):
            read(name, content, "3")
        with pytest.raises(BenchError, match="say which column"):
            read(name, content, "")


def test_a_column_that_is_called_2() -> None:
    assert read("t.csv", "2,1\nno,a b\nnot,c d\n", "1").cells == ["a b", "c d"]
    assert read("t.csv", "0,2019\nno,a b\nnot,c d\n", "2019").cells == ["a b", "c d"]
    with pytest.raises(BenchError, match="2 columns are called 'text'"):
        read("t.csv", "text,text\na,b\n", "text")


def test_lists_in_a_csv_are_tokens() -> None:
    found = read("t.csv", 'id,tokens\n0,"[\'a\', \'b\']"\n1,\n2,"[""c""]"\n', "tokens")
    assert found.cells == [("a", "b"), ("c",)] and "cells are read as lists" in found.notes
    assert read("t.csv", 'id,ids\n0,"[1, 2]"\n1,"[]"\n', "ids").cells == [("1", "2"), ()]
    assert read("t.csv", 'id,text\n0,"[1, 2]"\n1,[sic]\n', "text").cells == ["[1, 2]", "[sic]"]


def test_cells_longer_than_the_csv_module_takes_by_itself() -> None:
    assert read("t.csv", f'id,text\n0,"{"a " * 100_000}"\n', "text").cells == ["a " * 100_000]
