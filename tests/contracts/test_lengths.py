"""What counts of a row of varying length, in numpy and in torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.contracts.lengths import live


@pytest.mark.parametrize("end", [None, 0, 2])
def test_torch_and_numpy_agree_with_a_loop(end: int | None) -> None:
    rows = np.random.default_rng(0).integers(0, 3, (200, 6))
    wanted = [[end is None or end not in row[:at] for at in range(6)] for row in rows.tolist()]
    assert live(rows, end).tolist() == wanted
    assert live(torch.from_numpy(rows), end).tolist() == wanted
    assert live(torch.empty(0, 6, dtype=torch.int64), end).shape == (0, 6)
