"""The plans that a runs folder keeps: joined, in the order of asking, and damaged ones named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.records import plans as kept_plans


def test_kept_plans_join(tmp_path: Path) -> None:
    assert kept_plans.read_all(tmp_path) == {}
    wanted = kept_plans.write("mine", {"a": {"preset": "quick"}, "c": {}}, tmp_path)
    kept_plans.write("mine", {"b": {"preset": "smoke"}}, tmp_path)
    kept_plans.write("my other. plan", {"a": {}}, tmp_path)
    kept = kept_plans.read_all(tmp_path)
    assert {plan: list(cells) for plan, cells in kept.items()} == {"mine": ["a", "c", "b"], "my other. plan": ["a"]}
    assert {key: facts.get("preset") for key, facts in kept["mine"].items()} == {"a": "quick", "b": "smoke", "c": None}
    assert wanted.items() <= kept["mine"].items()


def test_commands_that_write_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from bench.records import plans as kept_plans\n"
    code += "for n in range(60): kept_plans.write('p', {f'{sys.argv[1]}{n}': {}}, Path(sys.argv[2]))"
    writers = [subprocess.Popen([sys.executable, "-c", code, name, str(tmp_path)]) for name in "ab"]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert len(kept_plans.read_all(tmp_path)["p"]) == 120


@pytest.mark.parametrize("content", ["", "[]", '{"a": 3}', '{"a": {"asked": "now"}}', '{"a": {}}'])
def test_a_damaged_plan_is_named(tmp_path: Path, content: str) -> None:
    kept_plans.write("mine", {"a": {}}, tmp_path)
    (tmp_path / "plans" / "mine.json").write_text(content)
    with pytest.raises(BenchError, match=r"plans/mine\.json is damaged .*: bring a copy back, or remove it"):
        kept_plans.read_all(tmp_path)


def test_a_kept_plan_is_in_the_order_of_asking(tmp_path: Path) -> None:
    def order() -> str:
        cells = kept_plans.read_all(tmp_path)["mine"]
        times = [kept_plans.asked(facts) for facts in cells.values()]
        assert times == sorted(times)
        return "".join(cells)

    old = {"preset": "quick", "asked": "1"}
    kept_plans.join("mine", {"x": old, "y": {"asked": "2"}}, tmp_path)
    kept_plans.write("mine", {"a": {}, "b": {}, "c": {}}, tmp_path)
    assert order() == "xyabc"
    kept_plans.write("mine", {"b": {}, "a": {}}, tmp_path)
    assert order() == "xycba"
    late = str(max(kept_plans.asked(facts) for facts in kept_plans.read_all(tmp_path)["mine"].values()) + 10**12)
    others = {"c": late, "d": "5", "a": "6", "x": "0"}
    kept_plans.join("mine", {key: {"asked": time} for key, time in others.items()}, tmp_path)
    assert order() == "xydbac" and kept_plans.read_all(tmp_path)["mine"]["x"] == old
    kept_plans.write("mine", {"d": {}}, tmp_path)
    assert order() == "xybacd", "another machine's clock is ahead"


def test_what_is_asked_now_is_the_newest_of_all_plans(tmp_path: Path) -> None:
    ahead = 10**19
    kept_plans.join("other", {"x": {"asked": str(ahead)}}, tmp_path)
    found = kept_plans.write("mine", {"a": {}, "b": {}}, tmp_path)
    assert [kept_plans.asked(facts) for facts in found.values()] == [ahead + 1, ahead + 2]
