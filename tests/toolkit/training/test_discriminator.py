"""The discriminator's epoch equals a plain loop, and the discriminator learns what can be learnt."""

import copy

import pytest
import torch
from torch.nn.functional import cross_entropy

from bench.toolkit.models.lstm import LSTM
from bench.toolkit.models.text_cnn import TextCNN
from bench.toolkit.training import discriminator
from bench.toolkit.training.optimiser import adam


def seeded(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def small(dropout_keep: float = 0.75) -> TextCNN:
    return TextCNN(10, 6, embedding=8, filters=0.05, dropout_keep=dropout_keep).reset(seeded(0))


def rows(low: int, high: int, count: int, seed: int) -> torch.Tensor:
    return torch.randint(low, high, (count, 6), generator=seeded(seed))


def test_epoch_equals_a_plain_loop() -> None:
    fast = small(dropout_keep=1)
    slow = copy.deepcopy(fast).train()
    real, fake = rows(0, 10, 20, 1), rows(3, 10, 15, 2)
    facts = discriminator.epoch(fast, adam(fast, 1e-3), real, fake, batch=8, rng=seeded(3), l2=0.2)

    optimiser = torch.optim.Adam(slow.parameters(), lr=1e-3, fused=False)
    sequences, labels = torch.cat([real, fake]), torch.tensor([1] * 20 + [0] * 15)
    losses, right = [], 0
    for chosen in torch.randperm(35, generator=seeded(3)).split(8):
        logits = slow(sequences[chosen])
        output = slow.output
        squares = (output.weight**2).sum() / 2 + (output.bias**2).sum() / 2
        loss = cross_entropy(logits, labels[chosen]) + 0.2 * squares
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        right += int((logits.argmax(1) == labels[chosen]).sum())
    assert facts == {
        "loss": pytest.approx(sum(losses) / len(losses), abs=1e-5),
        "accuracy": pytest.approx(right / 35),
    }
    for got, expected in zip(fast.parameters(), slow.parameters(), strict=True):
        assert torch.allclose(got, expected, atol=1e-5)


def test_learns_to_separate_two_distributions() -> None:
    model = small()
    optimiser = adam(model, 1e-2)
    rng = seeded(4)
    for _ in range(8):
        facts = discriminator.epoch(model, optimiser, rows(0, 8, 256, 5), rows(2, 10, 256, 6), batch=32, rng=rng)
    assert facts["accuracy"] > 0.9
    assert model.real_probability(rows(0, 8, 200, 7)).mean() > 0.8
    assert model.real_probability(rows(2, 10, 200, 8)).mean() < 0.2
    assert not model.training


def test_cannot_separate_equal_distributions() -> None:
    model, rng = small(), seeded(4)
    optimiser = adam(model, 1e-3)
    for number in range(20):
        real, fake = rows(0, 10, 256, 100 + number), rows(0, 10, 256, 200 + number)
        discriminator.epoch(model, optimiser, real, fake, batch=32, rng=rng)
    assert model.real_probability(rows(0, 10, 500, 7)).mean() == pytest.approx(0.5, abs=0.1)


def test_accuracy_is_that_on_unseen_sequences_and_leaves_the_random_numbers_alone() -> None:
    model, generator = small(), LSTM(10, 6, embedding=4, hidden=4).reset(1.0, seeded(5))
    real, rng = rows(0, 10, 40, 1), seeded(6)
    before = rng.get_state()
    found = discriminator.held_out_accuracy(model, real, generator, rng)
    assert torch.equal(rng.get_state(), before), "training goes on with the same random numbers"
    fake = generator.sample(40, rng=seeded(6))
    right = (model.eval()(real).argmax(1) == 1).sum() + (model(fake).argmax(1) == 0).sum()
    assert found == pytest.approx(int(right) / 80) and 0 < found < 1


def test_a_trained_discriminator_tells_unseen_sequences_apart() -> None:
    model, generator = small(dropout_keep=1), LSTM(10, 6, embedding=4, hidden=4).reset(0.1, seeded(5))
    optimiser = adam(model, 1e-2)
    for turn in range(20):
        fake = generator.sample(100, rng=seeded(100 + turn))
        discriminator.epoch(model, optimiser, rows(0, 3, 100, turn), fake, batch=20, rng=seeded(turn))
    assert discriminator.held_out_accuracy(model, rows(0, 3, 200, 99), generator, seeded(7)) > 0.95
