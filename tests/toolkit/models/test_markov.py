"""Markov chains against the enumeration of all their sequences."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from bench.toolkit.models.markov import MarkovChain

WORDS, LENGTH = 4, 5
EVERY = torch.tensor(list(itertools.product(range(WORDS), repeat=LENGTH)))


def chain(order: int) -> MarkovChain:
    return MarkovChain.dirichlet(WORDS, LENGTH, order=order, concentration=0.3, rng=np.random.default_rng(order))


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_the_marginals_are_those_of_the_enumeration(order: int) -> None:
    p = chain(order).log_prob(EVERY).sum(1).exp()
    assert float(p.sum()) == pytest.approx(1, abs=1e-12)
    found = torch.stack([p.new_zeros(WORDS).index_add(0, EVERY[:, at], p) for at in range(LENGTH)])
    assert torch.allclose(found, chain(order).marginals(), atol=1e-12)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_a_token_depends_on_the_last_k_alone(order: int) -> None:
    log_p = chain(order).next_log_prob(EVERY)
    same = (EVERY[:, None, LENGTH - 1 - order : -1] == EVERY[None, :, LENGTH - 1 - order : -1]).all(2)
    last = log_p[:, -1]
    assert torch.equal((last[:, None] - last).abs().amax(2).lt(1e-12), same)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_what_is_drawn_follows_the_probabilities(temperature: float) -> None:
    model = chain(2)
    p = model.log_prob(EVERY, temperature).sum(1).exp().numpy()
    drawn = model.sample(20_000, rng=torch.Generator().manual_seed(0), temperature=temperature)
    places = WORDS ** torch.arange(LENGTH - 1, -1, -1)
    counts = (drawn * places).sum(1).bincount(minlength=len(EVERY)).numpy()
    common = p * 20_000 > 8
    observed, expected = (np.append(v[common], v[~common].sum()) for v in (counts, p * 20_000))
    assert chisquare(observed, expected).pvalue > 1e-3
