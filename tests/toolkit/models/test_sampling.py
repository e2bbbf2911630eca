import math

import pytest
import torch
from scipy.stats import chi2_contingency, chisquare

from bench.toolkit.models import softmax
from bench.toolkit.models.sampling import Categorical

LAST = 1 - 2**-24  # the largest number torch.rand draws


def layer(vocabulary: int, scale: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(vocabulary)
    return torch.randn(vocabulary, 3, generator=rng) * scale, torch.randn(vocabulary, generator=rng) * scale


def draw(weight, bias, hidden, count: int, temperature: float = 1.0) -> torch.Tensor:
    uniforms = torch.rand(count, generator=torch.Generator().manual_seed(1))
    return Categorical(weight, bias, temperature)(hidden.expand(count, -1), uniforms)


@pytest.mark.parametrize("temperature", [1.0, 0.6, 1.7])
@pytest.mark.parametrize("vocabulary", [2, 3, 20, 50, 101])
def test_tokens_come_as_often_as_their_probability_says(vocabulary, temperature):
    weight, bias = layer(vocabulary)
    hidden = torch.tensor([0.5, -1.0, 0.3])
    tokens = draw(weight, bias, hidden, 40_000, temperature)
    probabilities = torch.softmax((weight @ hidden + bias).double() / temperature, 0).numpy()
    common = probabilities * len(tokens) > 5
    counts = tokens.bincount(minlength=vocabulary).numpy()
    observed, expected = (
        [*counts[common], counts[~common].sum()],
        [*probabilities[common], probabilities[~common].sum()],
    )
    if expected[-1] == 0:
        observed, expected = observed[:-1], expected[:-1]
    assert chisquare(observed, [p / sum(expected) * len(tokens) for p in expected]).pvalue > 1e-3


def test_a_vocabulary_of_one_leaves_no_choice():
    assert not draw(*layer(1), torch.ones(3), 100).any()


def test_counts_are_like_those_of_multinomial():
    weight, bias = layer(5000, 0.3)
    hidden, count = torch.tensor([0.5, -1.0, 0.3]), 60_000
    probabilities = torch.softmax(weight @ hidden + bias, 0)
    theirs = torch.multinomial(probabilities, count, replacement=True, generator=torch.Generator().manual_seed(2))
    table = torch.stack([tokens.bincount(minlength=5000) for tokens in (draw(weight, bias, hidden, count), theirs)])
    assert chi2_contingency(table[:, table.sum(0) > 0]).pvalue > 1e-3


@pytest.mark.parametrize("vocabulary", [2, 7, 100, 4999])
def test_tokens_are_the_plain_inverse_cdf(vocabulary):
    weight, bias = layer(vocabulary)
    rng = torch.Generator().manual_seed(3)
    hidden, uniforms = torch.randn(500, 3, generator=rng), torch.rand(500, generator=rng)
    cumulative = torch.softmax((hidden @ weight.T + bias).double(), 1).cumsum(1)
    tokens = Categorical(weight, bias)(hidden, uniforms)
    upper = cumulative.gather(1, tokens[:, None])[:, 0]
    lower = torch.where(tokens > 0, cumulative.gather(1, (tokens[:, None] - 1).clamp_min(0))[:, 0], 0.0)
    assert (uniforms < upper + 1e-6).all()
    assert (uniforms > lower - 1e-6).all()


@pytest.mark.parametrize("damage", [torch.nan, torch.inf])
def test_weights_that_are_no_numbers_draw_tokens_whose_loss_tells(damage):
    """The loss is then NaN, and the driver says so. An index outside would end all computation on a GPU."""
    weight, bias = layer(50)
    tokens = draw(weight * damage, bias, torch.ones(3), 200)
    assert tokens.min() >= 0 and tokens.max() < 50


@pytest.mark.parametrize("uniform", [0.0, 0.5, LAST])
@pytest.mark.parametrize("possible", [[0], [4], [99], [3, 50], [98, 99]])
def test_impossible_tokens_are_never_drawn(possible, uniform):
    bias = torch.full((100,), -torch.inf)
    bias[possible] = torch.arange(len(possible), dtype=torch.float32)
    token = Categorical(torch.zeros(100, 3), bias)(torch.zeros(1, 3), torch.tensor([uniform]))
    assert token.item() in possible


@pytest.mark.parametrize("uniform", [0.0, LAST])
def test_the_ends_of_the_unit_interval_give_tokens_of_the_vocabulary(uniform):
    weight, bias = layer(5000, 3)
    hidden = torch.randn(300, 3, generator=torch.Generator().manual_seed(4))
    tokens = Categorical(weight, bias)(hidden, torch.full((300,), uniform))
    assert tokens.min() >= 0
    assert tokens.max() < 5000
    assert torch.softmax(hidden @ weight.T + bias, 1).gather(1, tokens[:, None]).min() > 0


def test_impossible_tokens_are_not_drawn_at_the_edges_of_blocks():
    rng = torch.Generator().manual_seed(8)
    bias = torch.randn(5000, generator=rng)
    block = math.ceil(math.sqrt(2 * 5000))
    bias[::block] = -torch.inf  # the first token of each block
    cumulative = torch.softmax(bias, 0).cumsum(0)
    edges = cumulative[torch.arange(block - 1, 5000, block)]
    uniforms = torch.cat([edges + ulp * 2**-24 for ulp in range(-4, 5)]).clamp(0, LAST)
    tokens = Categorical(torch.zeros(5000, 3), bias)(torch.zeros(len(uniforms), 3), uniforms)
    assert not (tokens % block == 0).any()


def test_large_logits_give_the_most_likely_token():
    weight, bias = layer(70, 1e4)
    hidden = torch.randn(40, 3, generator=torch.Generator().manual_seed(5))
    tokens = Categorical(weight, bias)(hidden, torch.rand(40, generator=torch.Generator().manual_seed(6)))
    assert torch.equal(tokens, (hidden @ weight.T + bias).argmax(1))


def test_chunks_do_not_change_what_is_drawn(monkeypatch):
    weight, bias = layer(60)
    rng = torch.Generator().manual_seed(7)
    hidden, uniforms = torch.randn(100, 3, generator=rng), torch.rand(100, generator=rng)
    whole = Categorical(weight, bias)(hidden, uniforms)
    monkeypatch.setattr(softmax, "_LOGITS_ON_CPU", 500)
    assert torch.equal(Categorical(weight, bias)(hidden, uniforms), whole)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_that_is_not_above_0_is_refused(temperature):
    with pytest.raises(ValueError, match="temperature"):
        Categorical(*layer(5), temperature)
