"""A trainer whose file changes a global when it is imported: the one that MEDDLE names."""

import os
from collections.abc import Callable

import torch

from .trainers import Tiny

EFFECTS: dict[str, Callable[[], object]] = {
    "matmul precision": lambda: torch.set_float32_matmul_precision("medium"),
    "kernels": lambda: torch.backends.mkldnn.set_flags(False, True),  # type: ignore[no-untyped-call]
}
EFFECTS[os.environ["MEDDLE"]]()


class Meddles(Tiny):
    """It trains as Tiny does, if its own process still can."""
