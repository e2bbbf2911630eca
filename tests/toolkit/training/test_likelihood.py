"""Maximum likelihood as the arms share it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.contracts.lengths import live
from bench.engine.conformance.subject import toy_data
from bench.toolkit.models.lstm import LSTM
from bench.toolkit.training import teacher_forcing
from bench.toolkit.training.likelihood import MaximumLikelihood, held_out_loss
from bench.toolkit.training.optimiser import adam

CPU = torch.device("cpu")


def model(end: int | None) -> LSTM:
    data = toy_data(end)
    size = len(data.vocabulary)
    return LSTM(size, data.length, embedding=8, hidden=8, end=end).reset(0.1, torch.Generator().manual_seed(0))


def learning(end: int | None, **more: float) -> tuple[LSTM, MaximumLikelihood]:
    made, rng = model(end), torch.Generator().manual_seed(1)
    knobs = {"batch": 16, "rate": 0.05, "clip": 5.0, "epochs": 40} | more
    return made, MaximumLikelihood(made, toy_data(end), CPU, rng, **knobs)  # type: ignore[arg-type]


def test_without_patience_it_is_teacher_forcing_epoch_by_epoch() -> None:
    ours, likelihood = learning(None)
    theirs, rng = model(None), torch.Generator().manual_seed(1)
    optimiser, rows = adam(theirs, 0.05), torch.as_tensor(toy_data().train)
    for _ in range(3):
        found = teacher_forcing.epoch(theirs, optimiser, rows, batch=16, rng=rng, clip=5.0)
        assert likelihood.epoch() == found
    assert all(map(torch.equal, ours.parameters(), theirs.parameters()))
    assert set(likelihood.state()) == {"adam"} and not likelihood.phase("mle").finished()  # type: ignore[misc]


@pytest.mark.parametrize("end", [None, 0])
def test_the_held_out_loss_weighs_tokens_alike(end: int | None) -> None:
    rows = torch.as_tensor(toy_data(end).valid)
    log_p, counted = model(end).log_prob(rows).double(), live(rows, end)
    assert held_out_loss(model(end), rows) == pytest.approx(-float(log_p[counted].mean()), abs=1e-6)


def test_with_patience_it_ends_at_the_lowest_held_out_loss() -> None:
    ours, likelihood = learning(None, patience=3)
    phase = likelihood.phase("mle")
    losses: list[float] = []
    while len(losses) < phase.epochs and not (phase.finished and phase.finished()):
        losses.append(phase.step()["valid"])
    assert len(losses) == int(np.argmin(losses)) + 4 < phase.epochs
    assert held_out_loss(ours, torch.as_tensor(toy_data().valid)) == pytest.approx(min(losses), abs=1e-9)


def test_the_test_split_is_never_looked_at() -> None:
    data = toy_data()
    blind = replace(data, test=np.full_like(data.test, -1))
    ends = []
    for seen in (data, blind):
        made, rng = model(None), torch.Generator().manual_seed(1)
        likelihood = MaximumLikelihood(made, seen, CPU, rng, batch=16, rate=0.05, clip=5.0, epochs=5, patience=2)
        ends.append([likelihood.epoch() for _ in range(5)])
    assert ends[0] == ends[1]
