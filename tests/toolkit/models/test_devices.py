"""Compare the models on an accelerator, if there is one, with the same models on the CPU."""

import pytest
import torch

from bench.toolkit.models.lstm import LSTM
from bench.toolkit.models.rollout import rollout_rewards
from bench.toolkit.models.text_cnn import TextCNN

pytestmark = pytest.mark.skipif(not torch.accelerator.is_available(), reason="no accelerator on this machine")


@pytest.fixture
def device(monkeypatch) -> torch.device:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)  # which rounds an LSTM's products to 10 bits
    found = torch.accelerator.current_accelerator()
    assert found is not None
    return found


def generator(device: torch.device) -> LSTM:
    return LSTM(300, 9, device=device).reset(1.0, torch.Generator().manual_seed(1))


def judge(device: torch.device) -> TextCNN:
    return TextCNN(300, 9, filters=0.05, device=device).reset(torch.Generator().manual_seed(1)).eval()


def rows(device: torch.device) -> torch.Tensor:
    return torch.randint(300, (50, 9), generator=torch.Generator().manual_seed(2)).to(device)


def test_the_generator_gives_the_same_numbers(device):
    here, there = (generator(place).log_prob(rows(place)).cpu() for place in (torch.device("cpu"), device))
    torch.testing.assert_close(there, here, atol=1e-4, rtol=1e-4)


def test_the_generator_learns_the_same(device):
    gradients: list[list[torch.Tensor]] = []
    for place in (torch.device("cpu"), device):
        model = generator(place)
        model.weighted_nll(rows(place), torch.ones(50, 9, device=place)).backward()
        gradients.append([parameter.grad.cpu() for parameter in model.parameters() if parameter.requires_grad])
    for there, here in zip(*reversed(gradients), strict=True):
        torch.testing.assert_close(there, here, atol=1e-3, rtol=1e-3)


def test_the_discriminator_gives_the_same_numbers(device):
    here, there = (judge(place).real_probability(rows(place)).cpu() for place in (torch.device("cpu"), device))
    torch.testing.assert_close(there, here, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("source", ["cpu", "its own"])
def test_seeds_are_reproducible(device, source):
    model = generator(device)
    place = device if source == "its own" else torch.device("cpu")
    first, second = (model.sample(40, rng=torch.Generator(place).manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)
    inputs = model.scheduled_inputs(first, 0.5, rng=torch.Generator(place).manual_seed(4))
    assert torch.equal(inputs, model.scheduled_inputs(first, 0.5, rng=torch.Generator(place).manual_seed(4)))
    rewards = [
        rollout_rewards(
            model, first, judge(device).real_probability, rollouts=3, rng=torch.Generator(place).manual_seed(5)
        )
        for _ in range(2)
    ]
    torch.testing.assert_close(rewards[0], rewards[1])
