"""Held-out rows stand for a model in the *real* row."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.contracts.errors import BenchError
from bench.toolkit.corpora.replay import Replay


def test_rows_come_in_order_whatever_the_rng() -> None:
    rows = np.arange(12).reshape(4, 3)
    for seed in (0, 1):
        drawn = Replay(rows).sample(3, rng=torch.Generator().manual_seed(seed))
        assert drawn.dtype == torch.int64
        np.testing.assert_array_equal(drawn.numpy(), rows[:3])


def test_what_is_handed_out_is_a_copy() -> None:
    rows = np.zeros((2, 3), dtype=np.int64)
    Replay(rows).sample(2, rng=torch.Generator()).fill_(7)
    assert not rows.any()


def test_held_out_rows_have_no_temperature() -> None:
    with pytest.raises(BenchError, match="real sequences have no temperature"):
        Replay(np.zeros((4, 3), dtype=np.int64)).sample(3, rng=torch.Generator(), temperature=0.5)


def test_no_row_is_given_twice() -> None:
    with pytest.raises(BenchError, match="5 real sequences wanted, 4 are held out"):
        Replay(np.zeros((4, 3), dtype=np.int64)).sample(5, rng=torch.Generator())
