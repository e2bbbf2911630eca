"""Metrics and their scores: the first thing that breaks the contract is named."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bench.contracts.errors import ContractError
from bench.contracts.guards import metric as guards
from bench.contracts.metric import Scores


class Ones:
    """A metric of which each attribute can be replaced."""

    def __init__(self, **said: Any) -> None:
        self.name, self.better = "ones", "higher"
        vars(self).update(said)

    def signature(self) -> str:
        return "ones"

    def score(self, generated: Any, data: Any) -> Scores:
        return Scores(1.0)


def test_metrics_come_back_as_a_tuple_in_order() -> None:
    metrics = [Ones(), Ones(name="twos", unknown_words="miss", bound="upper")]
    assert guards.checked_metrics(metric for metric in metrics) == tuple(metrics)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (None, r"metrics\(\) returned None, not a list of metrics"),
        ([], r"metrics\(data\) is empty: the first metric is the headline"),
        ([3], r"3 is no metric: it lacks score\(\) or signature\(\)"),
        ([Ones(score=None)], r"is no metric: it lacks score\(\)"),
        ([Ones(name=None)], "the name of a metric is None: give Ones one with a letter in it"),
        ([Ones(better=None)], "ones: better is None; say 'lower' or 'higher'"),
        ([Ones(unknown_words="skip")], "ones: unknown_words is 'skip'; say 'miss', 'error' or 'undefined'"),
        ([Ones(bound="near")], "ones: bound is 'near'; say 'lower', 'upper' or None"),
        ([Ones(), Ones(name="b"), Ones()], "two metrics are called 'ones': one would hide the other"),
    ],
)
def test_what_is_no_metric_is_refused(found: Any, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        guards.checked_metrics(found)


@pytest.mark.parametrize("value", [1, 1.0, True, np.float32(1), np.int64(1), np.array([1.0])[0]])
def test_a_value_of_any_kind_of_number_becomes_a_float(value: Any) -> None:
    per_sequence = np.array([0.0, 2.0])
    found = guards.checked_scores("ones", Scores(value, per_sequence))
    assert found.value == 1.0 and type(found.value) is float and found.per_sequence is per_sequence


@pytest.mark.parametrize("value", [None, math.inf, -math.inf])
def test_a_value_that_is_undefined_has_no_scores_per_sequence(value: float | None) -> None:
    assert guards.checked_scores("ones", Scores(value, np.array([1.0, math.inf]))) == Scores(None)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (None, r"ones: score\(\) returned None, not Scores\(value, per_sequence\)"),
        (1.0, r"ones: score\(\) returned 1.0, not Scores"),
        (Scores("high"), "not Scores"),  # type: ignore[arg-type]
        (Scores(math.nan), "ones is NaN: the model's probabilities are no numbers"),
        (Scores(1.0, np.ones((2, 2))), r"ones: score\(\) returned per_sequence of shape \(2, 2\), not a number a"),
        (Scores(1.0, np.array(["a"])), r"ones: score\(\) returned per_sequence of <U1, not a number a sequence"),  # type: ignore[arg-type]
        (Scores(1.0, np.array([1.0, math.nan])), "ones is 1, yet per_sequence holds NaN or infinity"),
    ],
)
def test_what_is_no_score_is_refused(found: Any, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        guards.checked_scores("ones", found)


def test_sequences_that_a_metric_wrote_into_are_refused() -> None:
    before = np.arange(6).reshape(2, 3)
    guards.check_unchanged("ones", before.copy(), before)
    with pytest.raises(ContractError, match="ones wrote into the sequences it was given: copy what you change"):
        guards.check_unchanged("ones", before[::-1], before)
