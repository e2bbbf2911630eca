"""The best row of a column, and what is not distinguishable from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from bench.records.journal import Record
from bench.reporting import best
from bench.reporting.build import build_tables
from bench.reporting.paper import paper
from bench.reporting.table import Table

Values = dict[str, list[float]]
CLOSE, FAR = [8.70, 8.72, 8.74, 8.76, 8.78, 8.80], [9.0, 9.1, 9.2, 9.3, 9.4, 9.5]


@pytest.fixture
def made(shop: Any, framed: Callable[..., pd.DataFrame]) -> Callable[..., Table]:
    def make(values: Values, better: str = "lower", **changes: Any) -> Table:
        records: list[Record] = [
            shop.done(shop.cell(label, seed, "d"), {"m": value}, better, curve=False, **changes)
            for label, column in values.items()
            for seed, value in enumerate(column)
        ]
        (table,) = build_tables(framed(records), paper(), lambda run_id: pd.DataFrame(), {})
        return table

    return make


def places(table: Table) -> dict[str, str]:
    return dict(best.places(table)["m"].of)


def test_a_row_far_off_has_no_place_and_one_that_no_test_tells_apart_is_tied(made: Callable[..., Table]) -> None:
    table = made({"real": [1.0], "a": CLOSE, "b": [value + 0.01 for value in CLOSE], "c": FAR})
    assert places(table) == {"a": "best", "b": "tied"}
    assert best.places(table)["m"].tested


def test_higher_is_better_where_the_metric_says_so(made: Callable[..., Table]) -> None:
    assert places(made({"a": CLOSE, "c": FAR}, "higher")) == {"c": "best"}


def test_three_seeds_cannot_tell_and_so_tie_nothing_but_equal_numbers(made: Callable[..., Table]) -> None:
    table = made({"a": CLOSE[:3], "b": CLOSE[:3], "c": FAR[:3]})
    assert places(table) == {"a": "best", "b": "tied"}
    assert not best.places(table)["m"].tested


def test_holm_counts_the_column(made: Callable[..., Table]) -> None:
    """The least p of 4 against 4 runs is 2/70: below .05 for one rival, and not for two."""
    assert places(made({"a": CLOSE[:4], "c": FAR[:4]})) == {"a": "best"}
    table = made({"a": CLOSE[:4], "c": FAR[:4], "d": [value + 9 for value in FAR[:4]]})
    assert places(table) == {"a": "best"} and not best.places(table)["m"].tested


def test_a_bound_is_no_rival_and_a_column_without_rivals_has_no_best(made: Callable[..., Table]) -> None:
    assert places(made({"a": CLOSE, "c": FAR}, bound="lower")) == {}
    assert places(made({"real": [1.0]})) == {}
