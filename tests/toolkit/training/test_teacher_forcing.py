"""An epoch equals a plain loop over torch's own cross-entropy, batch by batch."""

import copy

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from bench.toolkit.models.lstm import LSTM
from bench.toolkit.training import teacher_forcing
from bench.toolkit.training.optimiser import adam


def seeded(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def plain_logits(model: LSTM, inputs: Tensor) -> Tensor:
    """Return logits, (n, V, T), by torch's modules only."""
    hidden, _ = model.cell(model.embedding(inputs))
    return model.output(hidden).transpose(1, 2)


def plain_epoch(
    model: LSTM, sequences: Tensor, *, batch: int, rng: torch.Generator, keep: float = 1.0, clip: float
) -> float:
    optimiser = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.01, fused=False)
    losses = []
    for rows in torch.randperm(len(sequences), generator=rng).split(batch):
        targets = sequences[rows].clone()
        inputs = torch.cat([torch.full((len(rows), 1), model.start), targets[:, :-1]], 1)
        if keep < 1:
            inputs = model.scheduled_inputs(targets, keep, rng=rng)
        if model.end is not None:
            for row in targets:
                (ends,) = (row == model.end).nonzero(as_tuple=True)
                row[int(ends[0]) + 1 if len(ends) else len(row) :] = -100
        loss = cross_entropy(plain_logits(model, inputs), targets, ignore_index=-100)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimiser.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


@pytest.mark.parametrize("end", [None, 0])
@pytest.mark.parametrize(("keep", "clip"), [(1.0, 5.0), (1.0, 0.05), (0.5, 5.0), (0.0, 5.0)])
def test_epoch_equals_a_plain_loop(end: int | None, keep: float, clip: float) -> None:
    fast = LSTM(7, 5, embedding=4, hidden=6, end=end).reset(0.5, seeded(0))
    slow = copy.deepcopy(fast)
    sequences = torch.randint(0, 7, (23, 5), generator=seeded(1))
    optimiser = adam(fast, 0.01)
    facts = teacher_forcing.epoch(fast, optimiser, sequences, batch=8, rng=seeded(2), keep=keep, clip=clip)
    loss = plain_epoch(slow, sequences, batch=8, rng=seeded(2), keep=keep, clip=clip)
    assert facts["loss"] == pytest.approx(loss, abs=1e-5)
    for got, expected in zip(fast.parameters(), slow.parameters(), strict=True):
        assert torch.allclose(got, expected, atol=1e-5)


def test_what_follows_the_end_changes_nothing() -> None:
    tidy = torch.tensor([[3, 0, 0, 0, 0], [1, 2, 3, 4, 5]])
    messy = torch.tensor([[3, 0, 6, 5, 4], [1, 2, 3, 4, 5]])
    losses = []
    for sequences in (tidy, messy):
        model = LSTM(7, 5, embedding=4, hidden=6, end=0).reset(0.5, seeded(0))
        facts = teacher_forcing.epoch(model, adam(model, 0.01), sequences, batch=2, rng=seeded(1))
        losses.append((facts["loss"], model.output.weight.detach()))
    assert losses[0][0] == losses[1][0] and torch.equal(losses[0][1], losses[1][1])
