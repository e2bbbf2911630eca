"""Each plan has a folder of results, and a page beside the folders lists the plans."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench.contracts.errors import BenchError
from bench.records.plans import Entry
from bench.records.tracker import Tracker
from bench.reporting import plans_page
from bench.reporting.build import build_tables
from bench.reporting.paper import paper
from bench.reporting.plan_folder import folder_name, print_asked, report_plan
from bench.reporting.plans_page import Listed, html, listed, write_plans_page
from bench.reporting.selection import Selection, asked_for, selected

HOUR, BEGINNING = 3600 * 10**9, 10**18


@pytest.fixture
def tracker(shop: Any, store: str) -> Tracker:
    """Plan `first` has three arms on the oracle, one of which fails; plan `my second` has mle on poems too."""
    tracker = Tracker(store)
    made = {label: shop.done(shop.cell(label), {"nll_oracle": 9.0}) for label in ("real", "mle", "seqgan")}
    made["gan"] = shop.failed(shop.cell("gan"), "gan: no")
    poem = shop.done(shop.cell("mle", 0, "poems"), {"bleu-2": 0.5}, "higher")
    asked = [("first", record) for record in made.values()]
    asked += [("my second", made["real"]), ("my second", made["mle"]), ("my second", poem)]
    for place, (plan, record) in enumerate(asked):
        tracker.project(record, plan, Entry(tags={"preset": "lean"}, asked=BEGINNING + place * HOUR))
    return tracker


def test_each_plan_has_a_folder_and_the_page_lists_them(tracker: Tracker, tmp_path: Path) -> None:
    out = tmp_path / "out"
    paths, _ = report_plan(tracker, "first", out)
    assert {path.parent for path in paths} == {out / "first"} and (out / "first" / "table1.tex") in paths
    report_plan(tracker, None, out)
    second, first = listed(out)
    assert (first.name, first.link, first.date) == ("first", "first/index.html", "2001-09-09 04:46")
    assert (first.presets, first.datasets, first.arms) == (["lean"], ["oracle"], ["MLE", "SeqGAN", "gan"])
    assert first.state == "3 finished, 1 failed"
    assert (second.name, second.link, second.date) == ("my second", "my%20second/index.html", "2001-09-09 07:46")
    assert second.datasets == ["oracle", "poems"] and second.state == "3 finished"
    assert (out / "index.html").read_text() == html([second, first])
    assert sorted(path.name for path in out.iterdir()) == ["first", "index.html", "my second"]


def test_several_plans_have_a_folder_of_their_own(tracker: Tracker, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report_plan(tracker, "first", out, selection=Selection(more=("my second",)))
    assert [plan.name for plan in listed(out)] == ["first+my second"] == [folder_name("first", "my second", "first")]


def test_nothing_tracked_makes_no_folder(store: str, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="no runs in"):
        report_plan(Tracker(store), None, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"tables": [{"rows": [3]}]}', '{"tables": null}'])
def test_a_plan_whose_summary_is_damaged_is_listed_by_its_name(tmp_path: Path, damage: str) -> None:
    for name in ("whole", "hurt"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text("[]")
    (tmp_path / "whole" / "summary.json").write_text(
        json.dumps({"presets": [], "asked": "2026-11-25T14:30:00Z", "tables": []})
    )
    (tmp_path / "hurt" / "summary.json").write_text(damage)
    (tmp_path / "elsewhere").mkdir()
    assert [plan.name for plan in listed(tmp_path)] == ["whole", "hurt"]
    assert listed(tmp_path)[1] == Listed(name="hurt", link="hurt/index.html")


def test_a_plan_that_another_bench_adds_meanwhile_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one writes its folder and the page between our look and our write."""
    wrote = plans_page.write_output

    def late(path: Path, content: bytes) -> None:
        monkeypatch.setattr(plans_page, "write_output", wrote)
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "report.json").write_text("[]")
        write_plans_page(tmp_path)
        wrote(path, content)

    monkeypatch.setattr(plans_page, "write_output", late)
    write_plans_page(tmp_path)
    assert ">other</a>" in (tmp_path / "index.html").read_text()


def test_the_page_is_self_contained_and_escaped() -> None:
    hostile = Listed(name="<i>&", link="%3Ci%3E/index.html", arms=["<script>x</script>"], state="1 finished, 2 failed")
    found: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, dict(attrs)))

    text = html([hostile])
    Reader().feed(text)
    tags = {tag for tag, _ in found}
    assert not tags & {"script", "i", "link", "img"} and "http" not in re.sub(r'http-equiv="', "", text)
    assert [attributes["href"] for tag, attributes in found if tag == "a"] == ["%3Ci%3E/index.html"]
    assert any(attributes.get("class") == "bad" for _, attributes in found)


def test_the_terminal_shows_what_was_asked_for(tracker: Tracker, tmp_path: Path) -> None:
    tables, both = (
        build_tables(selected(tracker, plan, Selection()), paper(), tracker.per_sequence, {})
        for plan in ("first", "my second")
    )
    (table,), hidden = asked_for(tables, {("oracle", "real"), ("oracle", "seqgan"), ("poems", "mle")})
    assert [row.label for row in table.rows] == ["real", "seqgan"] and hidden == "the plan has 2 rows more"
    assert {one.label for one in table.comparisons} <= {"seqgan"} and set(table.runs["label"]) == {"real", "seqgan"}
    assert asked_for(both, {("poems", "mle")}).hidden == "the plan has 1 dataset more"
    assert asked_for(both, {("oracle", "mle"), ("poems", "mle")}).hidden == "the plan has 1 row more"
    every = {(table.dataset, row.label) for table in both for row in table.rows}
    assert asked_for(both, every).hidden == ""
    console = Console(record=True, width=100)
    print_asked(tables, {("oracle", "seqgan")}, tmp_path / "first", console)
    printed = console.export_text()
    assert "SeqGAN" in printed and "gan: no" not in printed
    assert f"the plan has 3 rows more: see {tmp_path / 'first' / 'index.html'}" in printed.replace("\n", "")
