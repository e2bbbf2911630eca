"""The rater gets a page and a table that do not reveal the origins."""

import csv
import io
import json

import pytest

from bench.contracts.errors import BenchError
from bench.judging.human.page import html, table, write_sheet
from bench.judging.human.sheet import make_sheet

HOSTILE = "</script><b>bold</b> & 'quote' \"double\" =1+1"


def test_the_page_and_the_table_betray_no_origin_and_need_no_network(texts):
    sheet = make_sheet(texts("r"), {"wargan": texts("s"), "zmodel": texts("m")}, 5, seed=0, dataset="poems")
    for shown in (html(sheet), table(sheet)):
        assert "wargan" not in shown and "zmodel" not in shown
        assert sheet.seal in shown
    assert "default-src 'none'" in html(sheet)
    assert not any(word in html(sheet) for word in ("http:", "https:", "src=", "@import", "url("))


def test_a_text_cannot_break_out_of_the_page():
    page = html(make_sheet([HOSTILE, "b"], {"m": ["<!-- x", "d"]}, 2, seed=0, dataset="<i>poems</i>"))
    assert page.count("</script>") == 2
    assert "<b>bold" not in page and "<!-- x" not in page and "<i>poems" not in page
    items = json.loads(page.partition('id="items">')[2].partition("</script>")[0])
    assert {item["text"] for item in items} == {HOSTILE, "b", "<!-- x", "d"}


def test_wrap_breaks_what_is_shown_and_nothing_else(a_sheet):
    sheet = make_sheet(["白日依山尽黄河入海流", "b"], {"m": ["c", "d"]}, 2, seed=0)
    assert r"\u5c3d\n\u9ec4" in html(sheet, wrap=5)
    assert "白日依山尽黄河入海流" in table(sheet)
    assert 'lang="zh"' in html(sheet) and 'lang="zh"' not in html(a_sheet())


def test_a_formula_is_guarded_in_the_table():
    sheet = make_sheet(["=cmd|x", "b"], {"m": ["c", "d"]}, 2, seed=0)
    assert "'=cmd|x" in {row["text"] for row in csv.DictReader(io.StringIO(table(sheet)))}


def test_a_folder_in_use_is_left_alone(a_sheet, tmp_path):
    write_sheet(a_sheet(), tmp_path / "out")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["key.json", "out", "sheet.csv", "sheet.html"]
    kept = (tmp_path / "out" / "key.json").read_text()
    with pytest.raises(BenchError, match="never overwritten"):
        write_sheet(a_sheet(seed=1), tmp_path / "out")
    assert (tmp_path / "out" / "key.json").read_text() == kept
