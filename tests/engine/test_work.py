"""The work of a training: counted updates, and the tokens of the stated cost."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
import torch

import bench
from bench.contracts.errors import BenchError
from bench.engine.work import counting, tokens_sampled
from bench.planning.cell import REAL, Cell, Evaluation
from bench.plugins.loading import load


def test_the_steps_of_every_optimizer_are_counted_while_the_context_lasts() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizers = [torch.optim.SGD([weight], lr=0.1), torch.optim.Adam([weight])]
    weight.grad = torch.ones(1)
    with counting() as updates:
        for optimizer in optimizers:
            for _ in range(3):
                optimizer.step()
    optimizers[0].step()
    assert updates.count == 6


def cell(reference: str, **knobs: Any) -> Cell:
    settings = {} if reference == REAL else asdict(load("bench.baselines", reference).Settings(**knobs))
    return Cell(
        label=reference,
        reference=reference,
        baseline=reference,
        settings=tuple(settings.items()),
        dataset="enumerable",
        dataset_label="enumerable",
        dataset_settings=(),
        fingerprint="",
        seed=0,
        evaluation=Evaluation(),
    )


def test_tokens_are_those_of_the_stated_cost() -> None:
    data = bench.load_dataset("enumerable")
    assert data.length == 4
    knobs = {"adversarial_steps": 3, "g_steps": 2, "batch": 5, "rollouts": 7, "discriminator_epochs": 4, "d_steps": 1}
    drawn = (4 + 3) * len(data.train)  # negatives, as many as training rows, of each d-step
    rewarded = 3 * 2 * 5
    expected = 4 * drawn + 4 * rewarded + (3 + 2 + 1) * rewarded * 7
    assert tokens_sampled(cell("seqgan", **knobs, discriminator_updates=0), data) == expected
    assert tokens_sampled(cell("mle"), data) == 0 and tokens_sampled(cell(REAL), data) is None


def test_a_cost_that_fails_loses_no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise BenchError("a fault in cost()")

    monkeypatch.setattr(load("bench.baselines", "mle").Settings, "cost", fails)
    assert tokens_sampled(cell("mle"), bench.load_dataset("enumerable")) is None
