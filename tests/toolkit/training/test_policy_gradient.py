"""A step follows the plain REINFORCE gradient, summed over batch and time."""

import copy

import pytest
import torch

from bench.toolkit.models.lstm import LSTM
from bench.toolkit.training import policy_gradient
from bench.toolkit.training.optimiser import adam


def seeded(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def test_rewards_may_be_doubles():
    model = LSTM(7, 5, embedding=4, hidden=6).reset(0.5, seeded(0))
    samples = model.sample(9, rng=seeded(1))
    facts = policy_gradient.step(model, adam(model, 1e-2), samples, torch.full((9, 5), 0.25, dtype=torch.float64))
    assert facts["reward"] == pytest.approx(0.25)


@pytest.mark.parametrize("end", [None, 0])
@pytest.mark.parametrize("clip", [1e9, 5.0])
def test_step_equals_plain_reinforce(end: int | None, clip: float) -> None:
    fast = LSTM(7, 5, embedding=4, hidden=6, end=end).reset(0.5, seeded(0))
    slow = copy.deepcopy(fast)
    samples = fast.sample(9, rng=seeded(1))
    rewards = torch.rand(9, 5, generator=seeded(2)) * 3
    facts = policy_gradient.step(fast, torch.optim.SGD(fast.parameters(), lr=1.0), samples, rewards, clip=clip)

    loss, total, counted = torch.zeros(()), 0.0, 0
    for row, reward in zip(samples.tolist(), rewards, strict=True):
        hidden, _ = slow.cell(slow.embedding(torch.tensor([[0, *row[:-1]]])))
        log_prob = slow.output(hidden[0]).log_softmax(1)
        for time, token in enumerate(row):
            loss = loss - log_prob[time, token] * reward[time]
            total, counted = total + float(reward[time]), counted + 1
            if token == end:
                break
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(slow.parameters(), clip)
    assert float(norm) > 5  # so that clip = 5 has an effect
    assert facts["loss"] == pytest.approx(loss.item(), rel=1e-5)
    assert facts["reward"] == pytest.approx(total / counted, rel=1e-5)
    for got, expected in zip(fast.parameters(), slow.parameters(), strict=True):
        if expected.grad is not None:
            assert torch.allclose(got, expected - expected.grad, atol=1e-4 if clip > 5 else 1e-5)


def test_a_rewarded_token_becomes_more_likely_and_a_punished_one_less() -> None:
    model = LSTM(6, 4, embedding=4, hidden=8).reset(0.1, seeded(0))
    optimiser = adam(model, 0.05)
    for number in range(60):
        samples = model.sample(32, rng=seeded(number))
        policy_gradient.step(model, optimiser, samples, (samples == 3) * 1.0 - (samples == 4) * 1.0)
    drawn = model.sample(500, rng=seeded(99))
    assert (drawn == 3).float().mean() > 0.9
    assert (drawn == 4).float().mean() < 0.02
