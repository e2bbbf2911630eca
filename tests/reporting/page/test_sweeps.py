"""Which scores of `bench sweep` may stand on the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.reporting.build import build_tables
from bench.reporting.page.charts import quality_diversity
from bench.reporting.page.sweeps import Sweep, read_sweep
from bench.reporting.paper import paper
from bench.reporting.table import Table

HEAD = "row,seed,temperature,metric,value,signature\n"
SIGNATURE = "|hyps:200|ckpt:last|data:x|temp:{}|v:0"


@pytest.fixture
def table(shop: Any, framed: Callable[..., pd.DataFrame]) -> Table:
    scores = {"nll_oracle": 9.0, "nll_test": 8.0}
    records = [shop.done(shop.cell("mle", seed), scores, signature="|temp:1") for seed in (0, 1)]
    (made,) = build_tables(framed(records), paper(), lambda _: pd.DataFrame(), {})
    return made


def line(metric: str, seed: int, value: str, temperature: str = "0.5", row: str = "mle", data: str = "x") -> str:
    signature = f"{metric}{SIGNATURE}".format(temperature).replace("data:x", f"data:{data}")
    return f"{row},{seed},{temperature},{metric},{value},{signature}\n"


def test_scores_that_differ_by_temperature_alone_are_taken(table: Table, tmp_path: Path) -> None:
    lines = [
        line("nll_oracle", 0, "7.5"),
        line("nll_oracle", 0, "7.6", data="other"),
        line("nll_test", 0, ""),
        line("nll_oracle", 0, "7", row="gone"),
    ]
    (tmp_path / "sweep-oracle.csv").write_text(HEAD + "".join(lines))
    assert read_sweep(table, (tmp_path / "none", tmp_path)) == [Sweep("mle", 0, 0.5, "nll_oracle", 7.5)]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", HEAD + "mle,x,y,nll_oracle,1,s\n", HEAD + "mle,0,0.5\n", "\0"])
def test_a_file_of_another_kind_is_no_sweep(table: Table, tmp_path: Path, text: str) -> None:
    (tmp_path / "sweep-oracle.csv").write_text(text)
    assert read_sweep(table, (tmp_path,)) == []
    assert read_sweep(table, (tmp_path / "absent",)) == []


def test_a_curve_has_the_mean_over_seeds_where_all_have_both_values(table: Table) -> None:
    values = {("nll_oracle", 0): 7.0, ("nll_oracle", 1): 8.0, ("nll_test", 0): 9.0, ("nll_test", 1): 10.0}
    sweep = [Sweep("mle", seed, 0.5, metric, value) for (metric, seed), value in values.items()]
    sweep += [Sweep("mle", seed, 1.5, "nll_oracle", 11.0) for seed in (0, 1)]
    (plane,) = quality_diversity(table, sweep)
    (arm,) = plane["arms"]
    assert arm["curve"] == [[0.5, 9.5, 7.5]] and (arm["x"], arm["y"]) == (8.0, 9.0)
    assert plane["hull"] == [[9.5, 7.5]]
