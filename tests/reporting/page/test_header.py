"""The facts at the head of the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from bench.reporting.build import build_tables
from bench.reporting.page.header import facts
from bench.reporting.paper import paper
from bench.reporting.table import Table

DAY = 86_400.0
TAGS = {
    "version.bench": "0.1.0",
    "git_commit": "0123456789abcdef+",
    "machine": "Linux x86_64",
    "python": "3.11.7",
    "version.torch": "2.13.0",
    "command": "bench run --all",
    "seconds": "1800.0",
    "began": str(DAY),
    "ended": str(DAY + 60),
}


@pytest.fixture
def table(shop: Any, framed: Callable[..., pd.DataFrame]) -> Table:
    records = [shop.done(shop.cell("mle", seed, "d"), {"m": 1.0}) for seed in (0, 1, 2)]
    (made,) = build_tables(
        framed([*records, shop.failed(shop.cell("bad", 0, "d"), "bad: it broke")]),
        paper(),
        lambda _: pd.DataFrame(),
        {},
    )
    return made


def test_they_say_what_is_known_of_the_runs(table: Table) -> None:
    runs = list(dict.fromkeys(table.runs["run_id"]))
    later = TAGS | {"ended": str(3 * DAY), "command": "bench run -b mle"}
    found = dict(facts([table], {runs[0]: TAGS, **dict.fromkeys(runs[1:], later)}))
    assert found == {
        "Plan": "quick",
        "Preset": "quick",
        "Seeds": "0 to 2",
        "Runs": "3 finished, 1 failed",
        "Date": "1970-01-02 to 1970-01-04",
        "Training": "2.00 hours, all runs together",
        "Command": "bench run --all; bench run -b mle",
        "Code": "SeqBench 0.1.0, commit 0123456789ab with changes",
        "Machine": "Linux x86_64, Python 3.11.7, torch 2.13.0",
        "Report by": found["Report by"],
    }


def test_what_is_not_known_is_left_out(table: Table) -> None:
    assert [name for name, _ in facts([table], {})] == ["Plan", "Preset", "Seeds", "Runs", "Report by"]
