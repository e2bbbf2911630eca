"""All neural generators promise that log_prob, next_log_prob and sample share one distribution."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from scipy.stats import chisquare
from torch import Tensor

from bench.contracts.lengths import live
from bench.toolkit.models.autoregressive import dropped
from bench.toolkit.models.deep_lstm import DeepLSTM
from bench.toolkit.models.lstm import LSTM
from bench.toolkit.models.tempered import tempered
from bench.toolkit.models.transformer import Transformer
from bench.toolkit.models.unigram import Unigram

WORDS, LENGTH = 5, 3
EVERY = torch.tensor(list(itertools.product(range(WORDS), repeat=LENGTH)))
SIZES: dict[str, Any] = {"end": None, "start": 0}


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def lstm(end: int | None) -> LSTM:
    return LSTM(WORDS, LENGTH, embedding=6, hidden=8, end=end).reset(1.0, rng())


def deep(end: int | None) -> DeepLSTM:
    model = DeepLSTM(WORDS, LENGTH, embedding=6, hidden=8, layers=2, dropout=0.5, end=end).reset(rng())
    return _louder(model)


def transformer(end: int | None) -> Transformer:
    model = Transformer(WORDS, LENGTH, width=8, heads=2, blocks=2, dropout=0.5, end=end).reset(rng())
    return _louder(model)


def _louder(model: Any) -> Any:
    """Make the weights larger: with small ones, all tokens are about equally likely."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=rng(1)) * 0.7)
    return model


def unigram(end: int | None) -> Unigram:
    return Unigram(torch.tensor([0.4, 0.3, 0.15, 0.1, 0.05]), LENGTH, end=end)


MODELS = [lstm, deep, transformer, unigram]
Make = Callable[[int | None], Any]


def closed(end: int | None) -> Tensor:
    """Return every different row that a generator can draw."""
    rows = EVERY if end is None else EVERY.where(live(EVERY, end), torch.tensor(end))
    return rows.unique(dim=0)


@pytest.mark.parametrize("end", [None, 0])
@pytest.mark.parametrize("temperature", [1.0, 0.6])
@pytest.mark.parametrize("make", MODELS)
def test_the_probabilities_of_all_rows_sum_to_one(make: Make, temperature: float, end: int | None) -> None:
    p = make(end).log_prob(closed(end), temperature=temperature).double().sum(1).exp()
    assert float(p.sum()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("end", [None, 0])
@pytest.mark.parametrize("temperature", [1.0, 0.6])
@pytest.mark.parametrize("make", MODELS)
def test_every_next_token_has_its_probability(make: Make, temperature: float, end: int | None) -> None:
    model, rows = make(end), closed(end)
    found = model.next_log_prob(rows, temperature=temperature)
    assert found.shape == (len(rows), LENGTH, WORDS)
    assert torch.allclose(found.logsumexp(2), torch.zeros(len(rows), LENGTH), atol=1e-5)
    chosen = found.gather(2, rows[:, :, None])[:, :, 0]
    assert torch.allclose(chosen, model.log_prob(rows, temperature=temperature), atol=1e-5)
    assert torch.equal(tempered(model, temperature).next_log_prob(rows), found)


@pytest.mark.parametrize("end", [None, 0])
@pytest.mark.parametrize("temperature", [1.0, 0.6])
@pytest.mark.parametrize("make", MODELS)
def test_what_is_drawn_follows_the_probabilities(make: Make, temperature: float, end: int | None) -> None:
    model, rows, count = make(end), closed(end), 20_000
    p = model.log_prob(rows, temperature=temperature).double().sum(1).exp().numpy()
    drawn = model.sample(count, rng=rng(2), temperature=temperature)
    places = WORDS ** torch.arange(LENGTH)
    counts = (drawn * places).sum(1).bincount(minlength=WORDS**LENGTH)[(rows * places).sum(1)].numpy()
    assert counts.sum() == count  # no impossible row
    common = p * count > 8
    expected = [*(p[common] * count), p[~common].sum() * count + 1e-9]
    assert chisquare([*counts[common], counts[~common].sum()], expected, sum_check=False).pvalue > 1e-3


@pytest.mark.parametrize("make", [lstm, deep, transformer])
def test_a_step_at_a_time_gives_the_features_of_the_whole_row(make: Make) -> None:
    """The transformer keeps keys and values of earlier positions: they are those of the full pass."""
    model = make(None)
    inputs = EVERY[:20]
    state, steps = model.first_state(20), []
    for position in range(LENGTH):
        features, state = model.advance(inputs[:, position], state)
        steps.append(features)
    assert torch.allclose(torch.stack(steps, 1), model.features(inputs), atol=1e-5)


@pytest.mark.parametrize("make", [deep, transformer])
def test_dropout_is_for_training_alone_and_comes_from_the_given_generator(make: Make) -> None:
    model = make(None)
    assert torch.equal(model.features(EVERY), model.features(EVERY))
    one, same, other = (model.features(EVERY, rng(seed)) for seed in (0, 0, 1))
    assert torch.equal(one, same) and not torch.allclose(one, other)


def test_a_dropped_value_keeps_its_mean() -> None:
    values = torch.ones(400, 500)
    found = dropped(values, (400, 500), 0.25, rng())
    assert found.unique().tolist() == pytest.approx([0, 1 / 0.75])
    assert float(found.mean()) == pytest.approx(1, abs=0.01)
    assert dropped(values, (400, 500), 0.25, None) is values


def test_one_mask_serves_all_steps_of_a_row() -> None:
    model = DeepLSTM(WORDS, 50, embedding=6, hidden=64, layers=1, dropout=0.5).reset(rng())
    rows = torch.randint(0, WORDS, (8, 50), generator=rng())
    zero = model.features(rows, rng()) == 0
    assert torch.equal(zero.all(1), zero.any(1)) and 0.3 < float(zero.float().mean()) < 0.7
