"""Answers are checked against the key before anything is scored."""

import csv
import io

import pytest

from bench.contracts.errors import BenchError
from bench.judging.human.answers import read_answers
from bench.judging.human.page import table
from bench.judging.human.sheet import make_sheet


def answer_file(path, sheet, values=None, rater="", delimiter=",", **changes):
    """Write a filled-in sheet: the right answers unless others are given, {item id: answer}."""
    values = {item.id: "real" if item.origin == "real" else "machine" for item in sheet.items} | (values or {})
    rows = [[name, value, rater, changes.get("seal", sheet.seal)] for name, value in values.items()]
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows([["item", "answer", "rater", "seal"], *rows])
    path.write_text("\ufeff" + file.getvalue(), encoding="utf-8")
    return path


def test_answers_of_page_sheet_and_spreadsheet_are_read_alike(a_sheet, tmp_path):
    sheet = a_sheet()
    files = [
        answer_file(tmp_path / "ann.csv", sheet),
        answer_file(tmp_path / "x.csv", sheet, rater="李白", delimiter=";"),
        answer_file(tmp_path / "y.csv", sheet, {sheet.items[0].id: " REAL "}, rater="cy", delimiter="\t"),
    ]
    answers = read_answers(files, sheet)
    truth = [item.origin == "real" for item in sheet.items]
    assert answers.raters == ("ann", "李白", "cy")
    assert answers.judged_real[:2].tolist() == [truth, truth]
    assert answers.judged_real[2].tolist() == [True, *truth[1:]]


def test_a_filled_in_table_is_read(tmp_path):
    sheet = make_sheet(["two\nlines, and a comma", "b"], {"m": ["c", "d"]}, 2, seed=0)
    rows = list(csv.reader(io.StringIO(table(sheet))))
    filled = [rows[0], *([item, text, "real", "ann", seal] for item, text, _, _, seal in rows[1:])]
    with (tmp_path / "a.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(filled)
    assert read_answers([tmp_path / "a.csv"], sheet).judged_real.all()


@pytest.mark.parametrize(
    ("values", "changes", "message"),
    [
        ({"zzzzz": "real"}, {}, "line 14: unknown item 'zzzzz'"),
        ({0: "maybe"}, {}, "line 2: answer 'maybe' to item .*write real or machine"),
        ({0: "", 5: ""}, {}, r"ann has left 2 of 12 items unjudged: \w+, \w+; every rater"),
        ({}, {"seal": "0" * 64}, "line 2: seal 0000000000000000 is of another sheet"),
        ({}, {"seal": ""}, "seal missing is of another sheet"),
    ],
)
def test_bad_answers_are_refused_in_one_line(a_sheet, tmp_path, values, changes, message):
    sheet = a_sheet()
    values = {sheet.items[key].id if isinstance(key, int) else key: value for key, value in values.items()}
    with pytest.raises(BenchError, match=message) as error:
        read_answers([answer_file(tmp_path / "ann.csv", sheet, values, **changes)], sheet)
    assert "\n" not in str(error.value)


def test_a_rater_who_answered_nothing_is_not_forgotten(a_sheet, tmp_path):
    sheet = a_sheet()
    blank = {item.id: "" for item in sheet.items}
    files = [answer_file(tmp_path / "ann.csv", sheet), answer_file(tmp_path / "carl.csv", sheet, blank, rater="")]
    with pytest.raises(BenchError, match="carl has left 12 of 12 items unjudged"):
        read_answers(files, sheet)
    with pytest.raises(BenchError, match="no answers in the files given"):
        read_answers(files[1:], sheet)


def test_the_same_answers_twice_are_refused(a_sheet, tmp_path):
    sheet = a_sheet()
    one, two = (answer_file(tmp_path / name, sheet, rater="ann") for name in ("1.csv", "2.csv"))
    with pytest.raises(BenchError, match=r"2\.csv, line 2: ann has judged item \w+ already \(.*1\.csv, line 2\)"):
        read_answers([one, two], sheet)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "no column 'item'"),
        (b"item,rater,seal\n", "no column 'answer'"),
        (b"item,answer,rater,seal\n", "no answers"),
        ("item,answer,rater,seal\n\u674e".encode("gb18030"), "not UTF-8"),
        (b'item,answer,rater,seal\n"' + b"x" * 200_000, "not a CSV file"),
    ],
)
def test_a_file_that_is_no_answer_sheet_is_refused(a_sheet, tmp_path, contents, message):
    (tmp_path / "a.csv").write_bytes(contents)
    with pytest.raises(BenchError, match=message):
        read_answers([tmp_path / "a.csv"], a_sheet())
    with pytest.raises(BenchError, match="No such file"):
        read_answers([tmp_path / "absent.csv"], a_sheet())
