"""Global random number generators are seeded for one piece of work, then restored."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from bench.contracts import chance


def drawn() -> tuple[float, ...]:
    return float(torch.rand(())), float(torch.randn(())), float(np.random.rand()), random.random(), random.gauss(0, 1)


def test_the_seed_decides_each_of_them() -> None:
    found = []
    for seed in (5, 5, 6):
        drawn()
        with chance.seeded(seed):
            found.append(drawn())
    assert found[0] == found[1] and not set(found[0]) & set(found[2])


def test_they_go_on_as_if_nothing_was_drawn_between() -> None:
    with chance.seeded(1):
        drawn()
        straight = drawn()
    with chance.seeded(1):
        drawn()
        with chance.seeded(2):
            drawn()
        with pytest.raises(ValueError), chance.seeded(3):
            drawn()
            raise ValueError
        assert drawn() == straight


def test_seeds_of_63_bits_and_a_device_without_a_generator_will_do() -> None:
    with chance.seeded(2**63 - 1, "meta"):
        large = drawn()
    with chance.seeded(2**32 - 1):
        assert large != drawn()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_so_is_the_generator_of_a_device() -> None:
    def there() -> float:
        return float(torch.rand((), device="cuda"))

    with chance.seeded(1, "cuda"):
        there()
        straight = there()
    with chance.seeded(1, "cuda"):
        there()
        with chance.seeded(2, "cuda"):
            there()
        assert there() == straight
