"""A generator at a temperature: exact for three tokens whose probabilities are known."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from bench.contracts.seeding import torch_rng
from bench.toolkit.models.tempered import Tempered, TemperedConditional, TemperedScorer, takes_temperature, tempered

P = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)


def sharpened(temperature: float) -> torch.Tensor:
    weights: torch.Tensor = P ** (1 / temperature)
    return weights / weights.sum()


class Plain:
    """Draws tokens, and tells no probability."""

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> torch.Tensor:
        return torch.multinomial(sharpened(temperature), count, replacement=True, generator=rng)[:, None]


class Fixed(Plain):
    """Tells the probability of its tokens at temperature 1 only."""

    def log_prob(self, sequences: torch.Tensor) -> torch.Tensor:
        return P.log()[sequences]


class Scoring(Plain):
    """Tells the probability of its tokens at a temperature."""

    def log_prob(self, sequences: torch.Tensor, temperature: float = 1.0) -> torch.Tensor:
        return sharpened(temperature).log()[sequences]


class Telling(Scoring):
    """Tells the probability of every token too."""

    def next_log_prob(self, sequences: torch.Tensor, temperature: float = 1.0) -> torch.Tensor:
        return sharpened(temperature).log().expand(*sequences.shape, 3)


@pytest.mark.parametrize(
    ("model", "kind"), [(Plain(), Tempered), (Scoring(), TemperedScorer), (Telling(), TemperedConditional)]
)
def test_it_keeps_the_methods_that_take_a_temperature(model: Any, kind: type) -> None:
    found = tempered(model, 0.5)
    assert type(found) is kind
    assert takes_temperature(model, "log_prob") == hasattr(found, "log_prob")
    assert takes_temperature(model, "next_log_prob") == hasattr(found, "next_log_prob")


def test_a_method_without_the_parameter_gives_no_probabilities() -> None:
    fixed = Fixed()
    assert not takes_temperature(fixed, "log_prob") and type(tempered(fixed, 0.5)) is Tempered


def test_temperatures_multiply() -> None:
    ours = tempered(Plain(), 0.5).sample(500, rng=torch_rng("a"), temperature=0.8)
    assert torch.equal(ours, Plain().sample(500, rng=torch_rng("a"), temperature=0.4))


def test_probabilities_are_those_of_the_tempered_distribution() -> None:
    found: Any = tempered(Telling(), 0.5)
    expected = torch.tensor([0.25, 0.09, 0.04], dtype=torch.float64) / 0.38
    rows = torch.tensor([[0], [1], [2]])
    assert found.log_prob(rows).exp()[:, 0].tolist() == pytest.approx(expected.tolist())
    assert found.next_log_prob(rows)[1, 0].exp().tolist() == pytest.approx(expected.tolist())
