import pytest
import torch
from torch.nn import functional as F

from bench.toolkit.models import softmax
from bench.toolkit.models.softmax import WeightedNLL, token_log_prob


def layer(rows: int, vocabulary: int, scale: float = 1.0, dtype: torch.dtype = torch.float32) -> list[torch.Tensor]:
    rng = torch.Generator().manual_seed(rows + vocabulary)
    hidden, weight, bias = (
        (torch.randn(shape, generator=rng, dtype=dtype) * scale).requires_grad_()
        for shape in ((rows, 4), (vocabulary, 4), (vocabulary,))
    )
    targets = torch.randint(vocabulary, (rows,), generator=rng)
    weights = torch.rand(rows, generator=rng, dtype=dtype)
    return [hidden, weight, bias, targets, weights]


def plain_nll(hidden, weight, bias, targets, weights):
    return torch.sum(F.cross_entropy(hidden @ weight.T + bias, targets, reduction="none") * weights)


@pytest.mark.parametrize("budget", [1, 70, 2**20])
@pytest.mark.parametrize("rows, vocabulary", [(1, 1), (7, 10), (64, 33)])
def test_log_prob_is_log_softmax_whatever_the_chunk(monkeypatch, budget, rows, vocabulary):
    monkeypatch.setattr(softmax, "_LOGITS_ON_CPU", budget)
    hidden, weight, bias, targets, _ = layer(rows, vocabulary)
    expected = torch.log_softmax(hidden @ weight.T + bias, 1)[torch.arange(rows), targets]
    torch.testing.assert_close(token_log_prob(hidden, weight, bias, targets), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("budget", [1, 70, 2**20])
@pytest.mark.parametrize("rows, vocabulary", [(1, 1), (7, 10), (64, 33)])
def test_weighted_nll_is_cross_entropy_whatever_the_chunk(monkeypatch, budget, rows, vocabulary):
    monkeypatch.setattr(softmax, "_LOGITS_ON_CPU", budget)
    arguments = layer(rows, vocabulary)
    fast, plain = WeightedNLL.apply(*arguments), plain_nll(*arguments)
    torch.testing.assert_close(fast, plain, atol=1e-5, rtol=1e-5)
    for ours, expected in zip(
        torch.autograd.grad(3 * fast, arguments[:3]), torch.autograd.grad(3 * plain, arguments[:3]), strict=True
    ):
        torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-5)


def test_weighted_nll_has_the_gradient_of_its_value():
    hidden, weight, bias, targets, weights = layer(5, 6, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda *inputs: WeightedNLL.apply(*inputs, targets, weights), (hidden, weight, bias)
    )


def test_probabilities_that_underflow_keep_their_logarithm():
    arguments = layer(50, 30, scale=30)
    plain = plain_nll(*arguments)
    assert plain > 1000
    torch.testing.assert_close(WeightedNLL.apply(*arguments), plain, rtol=1e-5, atol=0)
    hidden, weight, bias, targets, weights = arguments
    log_prob = token_log_prob(hidden, weight, bias, targets)
    assert log_prob.min() < -200
    torch.testing.assert_close(-(log_prob * weights).sum(), plain, rtol=1e-5, atol=0)


@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_a_shift_of_the_rows_changes_nothing(monkeypatch, scale):
    arguments = layer(50, 30, scale)
    guarded = [WeightedNLL.apply(*arguments), token_log_prob(*arguments[:4])]
    monkeypatch.setattr(softmax, "_SAFE", 0.0)
    shifted = [WeightedNLL.apply(*arguments), token_log_prob(*arguments[:4])]
    torch.testing.assert_close(guarded, shifted, rtol=1e-5, atol=1e-5)


def test_what_is_not_a_number_stays_so():
    arguments = layer(5, 6)
    with torch.no_grad():
        arguments[1][2, 1] = torch.nan
    assert WeightedNLL.apply(*arguments).isnan()
    assert token_log_prob(*arguments[:4]).isnan().all()


def test_no_rows_cost_nothing():
    hidden, weight, bias, targets, weights = layer(0, 5)
    assert token_log_prob(hidden, weight, bias, targets).shape == (0,)
    assert WeightedNLL.apply(hidden, weight, bias, targets, weights) == 0
