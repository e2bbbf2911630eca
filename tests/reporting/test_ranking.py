"""The marks of a column: best, what no test tells from it, and the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.contracts.metric import Better
from bench.reporting.build import build_tables
from bench.reporting.paper import paper
from bench.reporting.table import Ranking

Rank = Callable[..., Ranking]


@pytest.fixture
def rank(shop: Any, framed: Callable[..., pd.DataFrame]) -> Rank:
    def found(values: dict[str, Sequence[float]], better: Better = "lower", **bounds: Any) -> Ranking:
        records = [
            shop.done(shop.cell(label, seed, "mine"), {"m": value}, better, bound=bounds.get(label))
            for label, each in values.items()
            for seed, value in enumerate(each)
        ]
        (table,) = build_tables(framed(records), paper(), lambda run_id: pd.DataFrame(), {})
        return table.ranks["m"]

    return found


def around(mean: float, count: int = 6) -> list[float]:
    return [mean + shift / 100 for shift in range(count)]


@pytest.mark.parametrize(("better", "sign"), [("lower", 1), ("higher", -1)])
def test_best_tied_and_next(rank: Rank, better: Better, sign: int) -> None:
    values = {"a": around(1), "b": around(1.02), "c": around(3), "d": around(4), "real": [0.5]}
    found = rank({label: [sign * value for value in each] for label, each in values.items()}, better)
    if better == "lower":
        assert found.places == {"a": "best", "b": "tied", "c": "next"}
    else:
        assert set(found.places) == {"a", "b", "c"} and found.places["c"] == "next"
    assert found.tested


def test_few_seeds_test_nothing_and_mark_one_mean(rank: Rank) -> None:
    found = rank({"a": around(1, 3), "b": around(1.02, 3), "c": around(3, 3)})
    assert found == Ranking({"a": "best", "b": "next"}, tested=False)


def test_the_floor_is_that_of_holm(rank: Rank) -> None:
    """With 5 runs an arm the least p is 2 / 252; over 7 rows that is above .05, over 6 below."""
    rng = np.random.default_rng(0)
    rows = {f"m{index}": list(rng.normal(index, 0.001, 5)) for index in range(8)}
    assert not rank(rows).tested and rank(dict(list(rows.items())[:7])).tested


def test_means_that_are_printed_alike_are_tied(rank: Rank) -> None:
    assert rank({"a": [1.0, 1.1], "b": [1.00001, 1.10001], "c": [2.0]}).places == {
        "a": "best",
        "b": "tied",
        "c": "next",
    }


def test_a_lower_bound_of_a_loss_is_never_best_and_an_upper_bound_may_be(rank: Rank) -> None:
    assert rank({"a": [1.0], "b": [2.0]}, a="lower").places == {"b": "best"}
    assert rank({"a": [1.0], "b": [2.0]}, a="upper").places == {"a": "best", "b": "next"}


def test_a_value_below_real_is_not_best(shop: Any, framed: Callable[..., pd.DataFrame]) -> None:
    scores = {"real": 23.4, "mle": 22.4, "seqgan": 23.5}
    records = [
        shop.done(shop.cell(label, 0, "nottingham"), {"bleu-4": 0.9, "mse": mse}) for label, mse in scores.items()
    ]
    (table,) = build_tables(framed(records), paper(), lambda run_id: pd.DataFrame(), {})
    assert table.ranks["mse"].places == {"seqgan": "best"}
