"""The plans of a runs folder are joined and in the order of asking; damaged ones are named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.records import plans as kept_plans
from bench.records.plans import Entry


def test_kept_plans_join(tmp_path: Path) -> None:
    assert kept_plans.read_all(tmp_path) == {}
    wanted = kept_plans.write("mine", {"a": Entry(tags={"preset": "quick"}), "c": Entry()}, tmp_path)
    kept_plans.write("mine", {"b": Entry(tags={"preset": "smoke"}, label="B")}, tmp_path)
    kept_plans.write("my other. plan", {"a": Entry()}, tmp_path)
    kept = kept_plans.read_all(tmp_path)
    assert {plan: list(cells) for plan, cells in kept.items()} == {"mine": ["a", "c", "b"], "my other. plan": ["a"]}
    told = {key: (entry.tags, entry.label) for key, entry in kept["mine"].items()}
    assert told == {"a": ({"preset": "quick"}, None), "b": ({"preset": "smoke"}, "B"), "c": ({}, None)}
    assert wanted.items() <= kept["mine"].items()


def test_commands_that_write_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from bench.records import plans as kept_plans\n"
    code += "for n in range(60): kept_plans.write('p', {f'{sys.argv[1]}{n}': kept_plans.Entry()}, Path(sys.argv[2]))"
    writers = [subprocess.Popen([sys.executable, "-c", code, name, str(tmp_path)]) for name in "ab"]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert len(kept_plans.read_all(tmp_path)["p"]) == 120


@pytest.mark.parametrize("content", ["", "[]", '{"a": 3}', '{"a": {"asked": "now"}}', '{"a": {}}'])
def test_a_damaged_plan_is_named(tmp_path: Path, content: str) -> None:
    kept_plans.write("mine", {"a": Entry()}, tmp_path)
    (tmp_path / "plans" / "mine.json").write_text(content)
    with pytest.raises(BenchError, match=r"plans/mine\.json is damaged .*: bring a copy back, or remove it"):
        kept_plans.read_all(tmp_path)


def test_a_kept_plan_is_in_the_order_of_asking(tmp_path: Path) -> None:
    def order() -> str:
        cells = kept_plans.read_all(tmp_path)["mine"]
        times = [entry.asked for entry in cells.values()]
        assert times == sorted(times)
        return "".join(cells)

    old = Entry(tags={"preset": "quick"}, asked=1)
    kept_plans.join("mine", {"x": old, "y": Entry(asked=2)}, tmp_path)
    kept_plans.write("mine", dict.fromkeys("abc", Entry()), tmp_path)
    assert order() == "xyabc"
    kept_plans.write("mine", dict.fromkeys("ba", Entry()), tmp_path)
    assert order() == "xycba"
    late = max(entry.asked for entry in kept_plans.read_all(tmp_path)["mine"].values()) + 10**12
    others = {"c": late, "d": 5, "a": 6, "x": 0}
    kept_plans.join("mine", {key: Entry(asked=time) for key, time in others.items()}, tmp_path)
    assert order() == "xydbac" and kept_plans.read_all(tmp_path)["mine"]["x"] == old
    kept_plans.write("mine", {"d": Entry()}, tmp_path)
    assert order() == "xybacd", "another machine's clock is ahead"


def test_what_is_asked_now_is_the_newest_of_all_plans(tmp_path: Path) -> None:
    ahead = 10**19
    kept_plans.join("other", {"x": Entry(asked=ahead)}, tmp_path)
    found = kept_plans.write("mine", dict.fromkeys("ab", Entry()), tmp_path)
    assert [entry.asked for entry in found.values()] == [ahead + 1, ahead + 2]


def test_a_plan_on_disk_stays_as_it_was_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 10**18)
    entry = Entry(tags={"version.bench": "0.1.0", "preset": "quick"}, label="mle")
    kept_plans.write("mine", {"a": entry, "b": Entry()}, tmp_path)
    content = """{
 "a": {
  "version.bench": "0.1.0",
  "preset": "quick",
  "label": "mle",
  "asked": "1000000000000000000"
 },
 "b": {
  "asked": "1000000000000000001"
 }
}"""
    assert (tmp_path / "plans" / "mine.json").read_text() == content
