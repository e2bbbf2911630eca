"""The quick checks tell a generator that breaks its contract, and leave sound ones alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from bench.contracts.seeding import torch_rng
from bench.engine.conformance.distribution import LEAST_P, follows
from bench.engine.conformance.quick import EQUAL, OTHER, problems
from bench.engine.conformance.subject import toy_data
from bench.judging.evaluator import draw

DATA = toy_data()
WORDS, LENGTH = len(DATA.vocabulary), DATA.length


class Places:
    """Draw each token by itself from the distribution of its place."""

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits
        self.asked: list[int] = []

    def drawn_from(self) -> Tensor:
        return self.logits

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        self.asked.append(count)
        return torch.multinomial(self.drawn_from().softmax(1), count, replacement=True, generator=rng).T

    def log_prob(self, sequences: Tensor) -> Tensor:
        return self.logits.log_softmax(1)[torch.arange(LENGTH), sequences]


class TopK(Places):
    """Draw the four most likely tokens only."""

    def drawn_from(self) -> Tensor:
        least = self.logits.topk(4, dim=1).values[:, -1:]
        return self.logits.where(self.logits >= least, -torch.inf)


class Cold(Places):
    """Draw at another temperature than log_prob says."""

    def drawn_from(self) -> Tensor:
        return self.logits / 0.5


class SeedsAnew(Places):
    """Begin each draw with the same random numbers."""

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        return super().sample(count, rng=torch.Generator().manual_seed(3))


class Implicit(SeedsAnew):
    """Know no probability."""

    log_prob = None  # type: ignore[assignment]


class Global(Places):
    """Draw from the global generators, which the contract allows."""

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        assert random.random() != random.random()
        return super().sample(count, rng=torch.default_generator)


class Tires(Places):
    """Give up after its first draw."""

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
        if self.asked:
            raise SystemExit("tired")
        return super().sample(count, rng=rng)


class Shifted(Places):
    """Draw tokens that log_prob calls all but impossible."""

    def drawn_from(self) -> Tensor:
        return self.logits.roll(1, dims=1)


def logits(spread: float = 1.0) -> Tensor:
    return spread * torch.randn(LENGTH, WORDS, generator=torch.Generator().manual_seed(0))


def found(generator: Any, count: int = 100) -> list[str]:
    judged = draw(generator, count, DATA, torch_rng("judged"))
    return problems(generator, DATA, judged, torch_rng("check"))


@pytest.mark.parametrize(
    ("make", "told"),
    [(Places, []), (Global, []), (TopK, [OTHER]), (Cold, [OTHER]), (SeedsAnew, [EQUAL]), (Implicit, [EQUAL])],
)
@pytest.mark.parametrize("count", [30, 1_000])
def test_what_draws_other_than_it_says_is_told(make: Callable[[Tensor], Any], told: list[str], count: int) -> None:
    assert found(make(logits()), count) == told


def test_a_collapsed_generator_is_not_told_for_its_equal_draws() -> None:
    assert found(Places(logits(1_000.0))) == []
    assert found(Shifted(logits(1_000.0))) == [OTHER], "log_prob is as sure of another token"


def test_an_error_is_told_and_not_raised() -> None:
    assert found(Tires(logits())) == ["a quick check ends with SystemExit: tired"]


@pytest.mark.parametrize(("count", "least"), [(30, 1_000), (700, 1_000), (5_000, 2_000)])
def test_it_draws_no_more_at_once_than_the_run_and_few_in_all(count: int, least: int) -> None:
    generator = Places(logits())
    found(generator, count)
    checks = generator.asked[1:]
    assert max(checks) <= count and least <= sum(checks) <= 2_000


def test_the_global_generators_and_the_modes_stay_as_they_are() -> None:
    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.places = Global(logits())

        def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Tensor:
            assert not self.training
            return self.places.sample(count, rng=rng)

    net = Net()
    before = torch.get_rng_state(), random.getstate()
    assert found(net) == [] and net.training
    assert torch.equal(torch.get_rng_state(), before[0]) and random.getstate() == before[1]


def test_where_no_count_is_rare_it_is_the_chi_square_test() -> None:
    rng, verdicts = np.random.default_rng(0), set[bool]()
    for shift in np.linspace(0, 0.4, 40):
        wanted = rng.dirichlet(np.full(6, 20.0)) * 1_000
        p = wanted / 1_000 * np.array([1 + shift, 1 - shift] * 3)
        counts = rng.multinomial(1_000, p / p.sum())
        passes = bool(stats.chisquare(counts, wanted).pvalue > LEAST_P)
        assert follows(counts, wanted) == passes
        verdicts.add(passes)
    assert verdicts == {True, False}


@pytest.mark.parametrize(
    ("counts", "wanted", "fits"),
    [
        ([999, 1], [999.99, 0.01], True),  # one draw of what is rare is chance
        ([900, 100], [999.99, 0.01], False),
        ([0, 1_000], [1_000.0, 0.0], False),
        ([990, 2, 2, 2, 4], [990.0, 2.5, 2.5, 2.5, 2.5], True),  # together they are common
        ([1_000, 0, 0, 0, 0], [950.0, 4.0, 4.0, 4.0, 38.0], False),
        ([500, 500], [np.nan, np.nan], False),
    ],
)
def test_rare_counts_are_taken_together(counts: list[int], wanted: list[float], fits: bool) -> None:
    assert follows(np.array(counts), np.array(wanted)) == fits


def test_a_sound_generator_is_all_but_never_told() -> None:
    """Counts of a long tail, in which most tokens are too rare to be counted alone."""
    rng = np.random.default_rng(1)
    p = 1 / np.arange(1, 2_001) ** 1.1
    p /= p.sum()
    assert all(follows(rng.multinomial(1_000, p), 1_000 * p) for _ in range(300))
