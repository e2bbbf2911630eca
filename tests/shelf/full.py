"""A trainer that fills the disk at a moment that the environment names."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bench.contracts.trainer import Phase, Stateful

from .trainers import Places, Tiny

PAGE = 4096


def fill(moment: str) -> None:
    """Fill the disk of FULL_FOLDER but for FULL_PAGES pages, if FULL_AT is the moment."""
    if os.environ.get("FULL_AT") != moment:
        return
    folder = os.environ["FULL_FOLDER"]
    disk = os.statvfs(folder)
    free = disk.f_bavail * disk.f_frsize - int(os.environ["FULL_PAGES"]) * PAGE
    with Path(folder, "filler").open("ab") as file:
        file.write(bytes(max(free, 0)))


class Last(Places):
    """It fills the disk when the samples to be judged are drawn."""

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        if count == 30:
            fill("samples")
        return super().sample(count, rng=rng, temperature=temperature)


class Fills(Tiny):
    """Its checkpoint takes 80 KiB."""

    def __init__(self, data: Any, settings: Any, device: torch.device, rng: torch.Generator) -> None:
        super().__init__(data, settings, device, rng)
        self.generator = Last(*self.generator.logits.shape)
        self.momentum.parameter = self.generator.logits
        self.ballast = torch.nn.Linear(200, 100)

    def state(self) -> dict[str, Stateful]:
        return {**super().state(), "ballast": self.ballast}

    def phases(self) -> Sequence[Phase]:
        return [Phase("fill", 1, self.fill, trains_generator=False), *super().phases()]

    def fill(self) -> dict[str, Any]:
        fill("training")
        return {"loss": 0.0}
