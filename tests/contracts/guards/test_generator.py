"""Samples and log-probabilities become arrays of one kind, or are refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from bench.contracts.data import SequenceData, Source
from bench.contracts.errors import ContractError
from bench.contracts.guards import generator as guards
from bench.contracts.vocabulary import Vocabulary

ROWS = np.array([[0, 1, 2], [2, 1, 0]])
DATA = SequenceData(ROWS, ROWS, ROWS, Vocabulary(("a", "b", "c")), Source("rows", "", "MIT", "generated"))


@pytest.mark.parametrize(
    "found", [ROWS, ROWS.tolist(), ROWS.astype(np.uint8), torch.from_numpy(ROWS), torch.from_numpy(ROWS).short()]
)
def test_integers_of_any_kind_become_int64(found: Any) -> None:
    samples = guards.checked_samples(found, 2, DATA)
    assert samples.dtype == np.int64 and np.array_equal(samples, ROWS)


def test_samples_are_a_copy() -> None:
    given = ROWS.copy()
    guards.checked_samples(given, 2, DATA)[:] = 0
    assert np.array_equal(given, ROWS)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (ROWS[:1], r"sample\(2\) returned shape \(1, 3\), not \(2, 3\)"),
        (ROWS[:, :2], r"sample\(2\) returned shape \(2, 2\), not \(2, 3\)"),
        (ROWS / 1, r"sample\(\) returned float64, not integer token ids"),
        (torch.ones(2, 3, dtype=torch.bfloat16), r"sample\(\) returned bfloat16, not integer token ids"),
        (ROWS > 1, r"sample\(\) returned bool, not integer token ids"),
        (None, r"sample\(\) returned object, not integer token ids"),
        (ROWS + 1, r"token id 3, outside the vocabulary 0\.\.2"),
        (ROWS - 1, r"token id -1, outside the vocabulary 0\.\.2"),
    ],
)
def test_samples_that_break_the_contract_are_refused(found: Any, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        guards.checked_samples(found, 2, DATA)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_log_probabilities_of_any_float_type_become_float64(kind: torch.dtype) -> None:
    answer = torch.full((2, 3), -1.5, dtype=kind, requires_grad=True)
    found = guards.checked_log_prob(answer, ROWS)
    assert found.dtype == np.float64 and (found == -1.5).all()
    assert np.array_equal(guards.checked_log_prob([[-1.0, -2.0, -3.0]], ROWS[:1]), [[-1.0, -2.0, -3.0]])


def test_log_probabilities_of_another_shape_are_refused() -> None:
    with pytest.raises(ContractError, match=r"log_prob of \(2, 3\) sequences has shape \(2,\); it must be the same"):
        guards.checked_log_prob(np.zeros(2), ROWS)


def test_log_probabilities_are_at_most_nought() -> None:
    guards.check_log_probabilities(np.array([0.0, -1.0, -math.inf, guards.SLACK]))
    for wrong in (math.nan, 2 * guards.SLACK, math.inf):
        with pytest.raises(ContractError, match="log_prob holds NaN or log-probabilities above 0"):
            guards.check_log_probabilities(np.array([-1.0, wrong]))
