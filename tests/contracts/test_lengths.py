"""Tokens after the first end token do not count, in numpy and in torch alike."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.contracts.lengths import lengths, live

END = 9
ROWS = np.array([[1, 2, 3], [1, END, 3], [END, END, END], [1, 2, END], [END, 1, END]])


@pytest.mark.parametrize("end", [None, 0, 2])
def test_torch_and_numpy_agree_with_a_loop(end: int | None) -> None:
    rows = np.random.default_rng(0).integers(0, 3, (200, 6))
    wanted = [[end is None or end not in row[:at] for at in range(6)] for row in rows.tolist()]
    assert live(rows, end).tolist() == wanted
    assert live(torch.from_numpy(rows), end).tolist() == wanted
    assert live(torch.empty(0, 6, dtype=torch.int64), end).shape == (0, 6)


def test_the_first_end_token_is_live_and_is_not_counted() -> None:
    assert live(ROWS, END).sum(1).tolist() == [3, 2, 1, 3, 1]
    assert lengths(ROWS, END).tolist() == [3, 1, 0, 2, 0]


def test_without_an_end_token_every_row_is_whole() -> None:
    assert live(ROWS, None).all() and lengths(ROWS, None).tolist() == [3] * 5
