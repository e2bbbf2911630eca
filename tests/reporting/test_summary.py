"""summary.json: the tables as data, under names that docs/columns.md documents."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.records.journal import Record
from bench.reporting.build import build_tables
from bench.reporting.paper import paper
from bench.reporting.summary import summary, summary_json
from bench.reporting.table import PerSequence, Table
from bench.reporting.to_csv import curves_csv, runs_csv, table_csv

PAGE = Path(__file__).parents[2] / "docs" / "columns.md"


@pytest.fixture
def table(matrix: list[Record], framed: Callable[..., pd.DataFrame], per_sequence: PerSequence) -> Table:
    (made,) = build_tables(framed(matrix), paper(), per_sequence, {})
    return made


def test_it_says_what_the_table_says(table: Table) -> None:
    (found,) = json.loads(summary_json([table]))["tables"]
    assert (found["dataset"], found["reference"]) == ("oracle", "zz_new[k=1]"), "the user's own"
    assert [metric["metric"] for metric in found["metrics"]] == ["nll_oracle", "nll_test"]
    rows = {row["label"]: row for row in found["rows"]}
    for row in table.rows:
        score, entry = rows[row.label]["scores"]["nll_oracle"], row.scores["nll_oracle"]
        assert score["mean"] == (None if entry.mean is None else pytest.approx(entry.mean, rel=1e-5))
        assert score["values"] == pytest.approx(entry.values, rel=1e-5) and score["state"] == entry.state
    assert rows["scheduled-sampling"]["done"] == 2 and rows["scheduled-sampling"]["failed"] == 1
    assert rows["random-uniform"]["scores"]["nll_test"] == {
        "state": "undefined",
        "mean": None,
        "half_width": None,
        "values": [],
        "seeds": [],
        "published": None,
        "bound": None,
        "beyond_real": False,
        "place": None,
    }
    assert rows["mle"]["human"] is None
    mle = next(one for one in found["comparisons"] if (one["label"], one["metric"]) == ("mle", "nll_oracle"))
    assert mle["difference"] == pytest.approx(
        rows["zz_new[k=1]"]["scores"]["nll_oracle"]["mean"] - rows["mle"]["scores"]["nll_oracle"]["mean"], abs=1e-4
    )
    assert mle["verdict"] == "not distinguishable" and mle["p_exact"] == pytest.approx(0.1)


def names(value: Any) -> Iterator[str]:
    """Return every name in the summary but those of metrics."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "scores":
                yield name
                inner = list(inner.values())
            else:
                yield name
            yield from names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names(inner)


def test_every_name_is_documented(table: Table) -> None:
    documented = set(re.findall(r"`(\w+)`", PAGE.read_text(encoding="utf-8")))
    assert set(names(summary([table]))) <= documented
    for text in (table_csv(table), runs_csv([table]), curves_csv([])):
        assert set(text.splitlines()[0].split(",")) <= documented


def test_the_documented_program_finds_the_best_rows(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.S)
    (tmp_path / "results" / "quick").mkdir(parents=True)
    (tmp_path / "results" / "quick" / "summary.json").write_text(summary_json([table]), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {}
    exec(program, found)
    assert found["best"] == {"oracle": ["constant-reward"]}
