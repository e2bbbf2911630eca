"""A quotation mark that swallows rows is told from a text of several lines."""

from __future__ import annotations

import pytest

from bench.toolkit.corpora.reading.layout import Layout, LongRow
from bench.toolkit.corpora.reading.swallowed import first_swallowing


def layout(text: str, header: bool = True) -> Layout:
    lines = text.splitlines()
    return Layout(lines, ",", lines[0].count(",") + 1, 1, header)


NUMBERED = 'id,text\n1,a\n2,"b\n3,c\n4,d"\n5,e'
VERSE = 'id,text\n1,a\n2,"roses, red\nviolets, blue\nsugar"\n3,c'
CONTINUED = 'id,text\n1,a\n2,"b\n3,c"\n4,d'
LIST = 'id,text\n1,a\n2,"b\n7,c"\n3,d'


@pytest.mark.parametrize(
    ("text", "row", "swallows"),
    [
        (NUMBERED, LongRow(2, 5, 1), True),
        (VERSE, LongRow(2, 5, 1), False),
        (CONTINUED, LongRow(2, 4, 1), True),
        (LIST, LongRow(2, 4, 1), False),
    ],
)
def test_numbers_tell_rows_from_verse(text: str, row: LongRow, swallows: bool) -> None:
    assert first_swallowing(layout(text), [row]) == (row if swallows else None)


def test_without_numbers_every_line_must_look_like_a_row() -> None:
    even = 'name,text\na,b\nc,"d\ne,f\ng,h\ni,j"\nk,l'
    row = LongRow(2, 6, 1)
    assert first_swallowing(layout(even), [row]) == row
    assert first_swallowing(layout(even.replace("g,h", "g")), [row]) is None
    assert first_swallowing(layout('name,text\na,"b\nc,d"\ne,f'), [LongRow(1, 3, 1)]) is None, "one line may be chance"


def test_a_file_of_one_column_and_one_without_long_rows_have_none() -> None:
    assert first_swallowing(layout('text\n"a\nb"'), [LongRow(1, 3, 0)]) is None
    assert first_swallowing(layout("id,text\n1,a"), []) is None
