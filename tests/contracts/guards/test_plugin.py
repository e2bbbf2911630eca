"""A plug-in's class has Settings and the methods of its contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from bench.contracts.errors import BenchError
from bench.contracts.guards.plugin import METHODS, checked_class, missing_methods


@dataclass(frozen=True)
class Knobs:
    pass


class Whole:
    """A trainer, a dataset and a metric in one."""

    Settings: Any = Knobs

    phases = state = load = metrics = real = signature = score = staticmethod(lambda: None)


def test_a_class_that_keeps_the_contract_comes_back() -> None:
    for group in METHODS:
        assert checked_class(group, "mine", Whole) is Whole and missing_methods(group, Whole) == []


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (3, "mine is not a class but a int"),
        (type("Bare", (), {}), "mine lacks Settings, a frozen dataclass of its knobs"),
        (type("Made", (Whole,), {"Settings": Knobs()}), r"mine: Settings is Knobs\(\); give the dataclass itself"),
        (type("Less", (Whole,), {"state": None}), r"mine lacks state\(\); the contract is bench/contracts/trainer.py"),
    ],
)
def test_what_is_no_trainer_is_refused(found: Any, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        checked_class("bench.baselines", "mine", found)


def test_a_dataset_that_lacks_methods_is_refused() -> None:
    less = type("Less", (Whole,), {"load": 1, "real": 2})
    with pytest.raises(BenchError, match=r"mine lacks load\(\), real\(\); the contract is bench/contracts/dataset.py"):
        checked_class("bench.datasets", "mine", less)


def test_a_metric_needs_no_knobs() -> None:
    bare = type("Bare", (), {"signature": len, "score": len})
    assert checked_class("bench.metrics", "mine", bare) is bare
