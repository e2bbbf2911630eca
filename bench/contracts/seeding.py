"""Every random number comes from a seed that is derived here from names: the order of work does not matter."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch


def derive(*names: str | int) -> int:
    """Return a seed below 2**63 that depends on the names only; torch on a CPU takes its last 32 bits."""
    text = "\x1f".join(str(name) for name in names)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def numpy_rng(*names: str | int) -> np.random.Generator:
    """Return a numpy generator for the named purpose."""
    import numpy as np

    return np.random.default_rng(derive(*names))


def torch_rng(*names: str | int, device: str | torch.device = "cpu") -> torch.Generator:
    """Return a torch generator for the named purpose, on the device that will draw from it."""
    import torch

    return torch.Generator(device=device).manual_seed(derive(*names))
