"""Trainers of ordinary PyTorch, which draw from global generators; three kinds of generator."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bench.contracts.data import SequenceData
from bench.contracts.knobs import knob
from bench.contracts.trainer import Phase, Stateful


@dataclass(frozen=True)
class Knobs:
    epochs: int = knob(2, low=1, help="epochs of each phase")


class Net(nn.Module):
    """Default initialisation and dropout; it stays in train mode."""

    def __init__(self, words: int, length: int) -> None:
        super().__init__()
        self.length = length
        self.embedding = nn.Embedding(words, 8)
        self.inner = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, words))

    def forward(self, before: Tensor) -> Tensor:
        scores: Tensor = self.inner(self.embedding(before))
        return scores.log_softmax(-1)

    @torch.no_grad()
    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        columns = [torch.zeros(count, dtype=torch.int64)]
        for _ in range(self.length):
            scores = self(columns[-1]) / temperature
            columns.append(torch.multinomial(scores.softmax(-1), 1).squeeze(1))
        return torch.stack(columns[1:], 1)

    def log_prob(self, rows: Tensor) -> Tensor:
        before = nn.functional.pad(rows[:, :-1], (1, 0))
        scores: Tensor = self(before.flatten()).view(*rows.shape, -1)
        return scores.gather(2, rows.unsqueeze(2)).squeeze(2)


class View:
    """A generator that is not a module and has no state of its own."""

    def __init__(self, model: Net) -> None:
        self.model = model

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        return self.model.sample(count, rng=rng, temperature=temperature)

    def log_prob(self, rows: Tensor) -> Tensor:
        return self.model.log_prob(rows).bfloat16()


class Plain:
    """Stochastic gradient descent on shuffled, then on noisy rows."""

    Settings = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        self.settings, self.rows = settings, torch.as_tensor(data.train)
        self.model = Net(len(data.vocabulary), data.length)
        self.optimiser = torch.optim.SGD(self.model.parameters(), 0.5, momentum=0.9)
        self.generator = self.wrap(self.model)

    def wrap(self, model: Net) -> Net | View:
        return model

    def phases(self) -> Sequence[Phase]:
        return [
            Phase("fit", self.settings.epochs, self.fit),
            Phase("rest", 1, self.fit, trains_generator=False),
            Phase("noisy", self.settings.epochs, self.noisy),
        ]

    def fit(self) -> dict[str, Any]:
        order = list(range(len(self.rows)))
        random.shuffle(order)
        return self.step(self.rows[order[:40]])

    def noisy(self) -> dict[str, Any]:
        rows = self.rows[np.random.permutation(len(self.rows))[:40]]
        return self.step(torch.where(torch.rand(rows.shape) < 0.1, torch.randint_like(rows, 4), rows))

    def step(self, rows: Tensor) -> dict[str, Any]:
        loss = -self.model.log_prob(rows).mean()
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        self.optimiser.step()
        return {"loss": loss.bfloat16()}

    def state(self) -> dict[str, Stateful]:
        return {"model": self.model, "optimiser": self.optimiser}


class Viewed(Plain):
    """Its generator is a view of the model."""

    def wrap(self, model: Net) -> View:
        return View(model)


class Table:
    """Counts of tokens at each place, in plain lists."""

    def __init__(self, length: int, words: int) -> None:
        self.counts = [[1] * words for _ in range(length)]

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        weights = torch.tensor(self.counts, dtype=torch.float64) ** (1 / temperature)
        return torch.multinomial(weights, count, replacement=True, generator=rng).T

    def log_prob(self, rows: Tensor) -> Tensor:
        chances = torch.tensor(self.counts, dtype=torch.float64)
        return (chances / chances.sum(1, keepdim=True)).log()[torch.arange(rows.shape[1]), rows].half()

    def state_dict(self) -> dict[str, Any]:
        return {"counts": [list(row) for row in self.counts]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.counts = state["counts"]


class Counted:
    """Counts tokens, without gradients."""

    Settings = Knobs

    def __init__(self, data: SequenceData, settings: Knobs, device: torch.device, rng: torch.Generator) -> None:
        self.settings, self.rows = settings, torch.as_tensor(data.train)
        self.generator = Table(data.length, len(data.vocabulary))

    def phases(self) -> Sequence[Phase]:
        return [Phase("fit", self.settings.epochs, self.fit), Phase("noisy", self.settings.epochs, self.noisy)]

    def fit(self) -> dict[str, Any]:
        order = list(range(len(self.rows)))
        random.shuffle(order)
        return self.count(self.rows[order[:40]])

    def noisy(self) -> dict[str, Any]:
        return self.count(self.rows[np.random.permutation(len(self.rows))[:40]])

    def count(self, rows: Tensor) -> dict[str, Any]:
        for row in rows.tolist():
            for place, token in enumerate(row):
                self.generator.counts[place][token] += 1
        return {"rows": len(rows)}

    def state(self) -> dict[str, Stateful]:
        return {"table": self.generator}
