"""A positive control: SeqGAN comes near the truth on a toy that its discriminator can learn; its controls do not.

The truth is a Markov chain over six tokens and rows of four, so KL(truth || generator) is a sum over all 1,296 rows.
Nothing is pre-trained by maximum likelihood. Rewards that do not use the data leave the generator as far from the
truth as it began, or farther.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
import torch

from bench.contracts.data import SequenceData, Source
from bench.contracts.knobs import build
from bench.contracts.metric import FloatArray
from bench.contracts.vocabulary import Vocabulary
from bench.plugins import loading as plugins

WORDS, LENGTH, ROWS = 6, 4, 2_048
EVERY = np.array(list(itertools.product(range(WORDS), repeat=LENGTH)))
KNOBS = {
    "mle_epochs": 0,
    "adversarial_steps": 240,
    "batch": 256,
    "adversarial_rate": 0.01,
    "discriminator_epochs": 10,
    "discriminator_updates": 16,
    "discriminator_rate": 0.005,
    "discriminator_embedding": 16,
    "d_steps": 1,
    "k": 1,
    "rollouts": 4,
    "filters": 0.1,
}


@pytest.fixture(scope="module")
def truth() -> FloatArray:
    """Return the log-probability of every row, (1296,). Each token's successors come from a sharp Dirichlet."""
    chain = np.random.default_rng(7).dirichlet(np.full(WORDS, 0.3), WORDS)
    before = np.pad(EVERY[:, :-1], ((0, 0), (1, 0)))
    log_p: FloatArray = np.log(chain[before, EVERY]).sum(1)
    return log_p


@pytest.fixture(scope="module")
def data(truth: FloatArray) -> SequenceData:
    rng = np.random.default_rng((7, 1))
    p = np.exp(truth) / np.exp(truth).sum()
    train, valid, test = (EVERY[rng.choice(len(EVERY), size, p=p)] for size in (ROWS, 256, 256))
    return SequenceData(train, valid, test, Vocabulary(tuple("abcdef")), Source("toy", "", "none", "generated"))


def divergence(truth: FloatArray, generator: Any) -> float:
    """Return KL(truth || generator) in nats per row, over all rows."""
    log_q = generator.log_prob(torch.from_numpy(EVERY)).double().sum(1).numpy()
    return float((np.exp(truth) * (truth - log_q)).sum())


def train(name: str, data: SequenceData, truth: FloatArray, seed: int) -> tuple[float, float]:
    """Return the divergence before and after the schedule."""
    cls: Any = plugins.load("bench.baselines", name)
    known = {field.name for field in dataclasses.fields(cls.Settings)}
    settings = build(cls.Settings, {k: v for k, v in KNOBS.items() if k in known}, name)
    trainer = cls(data, settings, torch.device("cpu"), torch.Generator().manual_seed(seed))
    before = divergence(truth, trainer.generator)
    for phase in trainer.phases():
        for _ in range(phase.epochs):
            phase.step()
    return before, divergence(truth, trainer.generator)


def test_the_truth_is_a_distribution(truth: FloatArray) -> None:
    assert np.exp(truth).sum() == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 4])
def test_an_informed_discriminator_brings_the_generator_to_the_truth(
    seed: int, data: SequenceData, truth: FloatArray
) -> None:
    before, after = train("seqgan", data, truth, seed)
    assert before > 2.5 and after < 0.6


@pytest.mark.parametrize("seed", [0, 2, 4])
@pytest.mark.parametrize("name", ["constant-reward", "random-reward"])
def test_rewards_that_know_nothing_of_the_data_do_not(
    name: str, seed: int, data: SequenceData, truth: FloatArray
) -> None:
    before, after = train(name, data, truth, seed)
    assert before > 2.5 and after > 2
