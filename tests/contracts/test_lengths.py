"""Tokens after the first end token do not count, in numpy and in torch alike."""

import numpy as np
import torch

from bench.contracts.lengths import lengths, live

END = 9
ROWS = np.array([[1, 2, 3], [1, END, 3], [END, END, END], [1, 2, END], [END, 1, END]])
LIVE = [[1, 1, 1], [1, 1, 0], [1, 0, 0], [1, 1, 1], [1, 0, 0]]


def test_the_first_end_token_is_live_and_is_not_counted() -> None:
    assert live(ROWS, END).tolist() == np.array(LIVE, bool).tolist()
    assert lengths(ROWS, END).tolist() == [3, 1, 0, 2, 0]


def test_torch_agrees_with_numpy() -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 4, (200, 7))
    for end in (3, None):
        assert live(torch.from_numpy(rows), end).tolist() == live(rows, end).tolist()


def test_without_an_end_token_every_row_is_whole() -> None:
    assert live(ROWS, None).all() and lengths(ROWS, None).tolist() == [3] * 5
