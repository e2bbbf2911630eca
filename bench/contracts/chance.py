"""The global random number generators: torch's on the CPU and on the device, numpy's legacy one, Python's `random`.

Ordinary PyTorch draws from them: default initialisation, nn.Dropout, random.shuffle. The engine gives every piece of a
plug-in's work a seed of its own: construction, each epoch, sample(), log_prob(), each metric. No piece depends on what
was drawn before it, so a checkpoint, which is written between two epochs, need not hold the state of these generators.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@contextmanager
def seeded(seed: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Seed the global generators, with those of `device`; afterwards restore their states."""
    import numpy as np
    import torch

    there = _generator_of(torch.device(device))
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()
    before_there = there.get_rng_state() if there else None
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.default_generator.manual_seed(seed)
    if there:
        there.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.set_rng_state(before[2])
        if there:
            there.set_rng_state(before_there)


def _generator_of(device: torch.device) -> Any:
    """Return the torch module with the functions of an accelerator's generator; None for a device without one."""
    import torch

    return torch.get_device_module(device) if device.type in ("cuda", "mps", "xpu") else None
