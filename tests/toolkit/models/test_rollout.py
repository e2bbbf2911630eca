from collections.abc import Callable

import pytest
import torch
from scipy.stats import chisquare

from bench.toolkit.models import softmax
from bench.toolkit.models.lstm import LSTM
from bench.toolkit.models.rollout import complete, rollout_rewards


def rng(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def policy(vocabulary: int = 8, length: int = 5, std: float = 1.0, end: int | None = None) -> LSTM:
    return LSTM(vocabulary, length, embedding=4, hidden=6, start=1, end=end).reset(std, rng())


def slow_rewards(
    model: LSTM, sequences: torch.Tensor, reward: Callable[[torch.Tensor], torch.Tensor], rollouts: int
) -> torch.Tensor:
    """Return rewards by the definition: each prefix is completed step by step from the start of the sequence."""
    generator, length = rng(99), sequences.shape[1]
    values = torch.zeros(sequences.shape)
    for given in range(1, length):
        rows = sequences.repeat_interleave(rollouts, 0)
        for position in range(given, length):
            hidden, _ = model.cell(model.embedding(model.shifted(rows)))
            chances = torch.softmax(model.output(hidden[:, position]), 1)
            drawn = torch.multinomial(chances, 1, generator=generator)[:, 0]
            if model.end is not None:
                drawn = torch.where(rows[:, position - 1] == model.end, model.end, drawn)
            rows[:, position] = drawn
        values[:, given - 1] = reward(rows).view(-1, rollouts).mean(1)
    values[:, -1] = reward(sequences)
    return values


def mixed(rows: torch.Tensor) -> torch.Tensor:
    """Return a reward in (0, 1) that depends on every position."""
    return torch.sigmoid((rows * torch.tensor([1.0, -2.0, 1.5, 0.5, -1.0])).sum(1) / 4)


@pytest.mark.parametrize("end", [None, 0])
def test_values_are_those_of_the_slow_definition(end):
    model = policy(end=end)
    sequences = model.sample(3, rng=rng(2))
    slow = slow_rewards(model, sequences, mixed, 3000)
    fast = rollout_rewards(model, sequences, mixed, rollouts=3000, rng=rng(3))
    assert fast.shape == (3, 5)
    torch.testing.assert_close(fast, slow, atol=0.04, rtol=0)  # three standard errors at the very most
    assert torch.equal(fast[:, -1], mixed(sequences))


def test_a_policy_without_doubt_leaves_no_difference():
    model = policy(std=40)
    sequences = torch.randint(8, (6, 5), generator=rng())
    fast = rollout_rewards(model, sequences, mixed, rollouts=2, rng=rng(3))
    torch.testing.assert_close(fast, slow_rewards(model, sequences, mixed, 1), atol=1e-6, rtol=0)


@pytest.mark.parametrize("position", range(5))
def test_a_reward_of_one_given_token_is_its_value_from_there_on(position):
    model = policy()
    sequences = model.sample(7, rng=rng(2))
    values = rollout_rewards(model, sequences, lambda rows: rows[:, position].float(), rollouts=4, rng=rng(3))
    given = sequences[:, position, None].float()
    torch.testing.assert_close(values[:, position:], given.expand(-1, 5 - position))


def test_completions_keep_their_prefix():
    model = policy()
    sequences = model.sample(7, rng=rng(2))
    completed = complete(model, sequences, rollouts=3, rng=rng(3))
    assert completed.shape == (4, 7, 3, 5)
    for given in range(1, 5):
        kept = completed[given - 1, :, :, :given]
        assert torch.equal(kept, sequences[:, None, :given].expand_as(kept))


@pytest.mark.parametrize("given", [1, 2, 4])
def test_completions_are_drawn_from_the_policy(given):
    model = policy(vocabulary=3)
    sequences = torch.tensor([[2, 0, 1, 1, 2]])
    completed = complete(model, sequences, rollouts=20_000, rng=rng(3))[given - 1, 0]
    rows, counts = completed.unique(dim=0, return_counts=True)
    expected = model.log_prob(rows)[:, given:].sum(1).double().exp() * 20_000
    common = expected > 10
    torch.testing.assert_close(expected.sum().item(), 20_000.0, rtol=0.01, atol=0)
    scaled = expected[common] * counts[common].sum() / expected[common].sum()
    assert chisquare(counts[common].numpy(), scaled.numpy()).pvalue > 1e-3


def test_what_has_ended_stays_ended():
    model = policy(end=0)
    sequences = torch.tensor([[3, 0, 0, 0, 0], [2, 5, 4, 3, 6]])
    completed = complete(model, sequences, rollouts=200, rng=rng(3))
    assert (completed[1:, 0] == sequences[0]).all()
    ended = (completed == 0).cumsum(-1) > 0
    assert (completed[ended] == 0).all()
    assert ended[0, 1].any()


def test_values_depend_on_the_seed_and_on_nothing_else(monkeypatch):
    model = policy()
    sequences = model.sample(6, rng=rng(2))
    first = rollout_rewards(model, sequences, mixed, rollouts=4, rng=rng(3))
    assert torch.equal(rollout_rewards(model, sequences, mixed, rollouts=4, rng=rng(3)), first)
    assert not torch.equal(rollout_rewards(model, sequences, mixed, rollouts=4, rng=rng(4)), first)
    monkeypatch.setattr(softmax, "_LOGITS_ON_CPU", 100)
    assert torch.equal(rollout_rewards(model, sequences, mixed, rollouts=4, rng=rng(3)), first)
