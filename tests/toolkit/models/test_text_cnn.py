import pytest
import torch
from torch.nn import functional as F

from bench.toolkit.models.text_cnn import MaxConvolution, TextCNN


def rng(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def small(vocabulary: int = 30, length: int = 20, **options: float) -> TextCNN:
    return TextCNN(vocabulary, length, embedding=6, filters=0.04, **options).reset(rng())


def tokens(count: int = 9, vocabulary: int = 30, length: int = 20) -> torch.Tensor:
    return torch.randint(vocabulary, (count, length), generator=rng(2))


def slow_logits(model: TextCNN, rows: torch.Tensor) -> torch.Tensor:
    """Return logits by definition: a conv1d per kernel, bias, ReLU, maximum over time, highway, output; no dropout."""
    embedded = model.embedding(rows).mT
    biases = model.convolution_bias.split(list(model.kernels.values()))
    pooled = []
    for width, weight, bias in zip(model.kernels, model.convolutions, biases, strict=True):
        mapped = F.conv1d(embedded, weight.view(len(weight), width, -1).mT, bias)
        pooled.append(torch.relu(mapped).max(2).values)
    features = torch.cat(pooled, 1)
    transform_weight, gate_weight = model.highway.chunk(2, 1)
    transform_bias, gate_bias = model.highway_bias.chunk(2)
    gate = torch.sigmoid(features @ gate_weight + gate_bias)
    mixed = gate * torch.relu(features @ transform_weight + transform_bias) + (1 - gate) * features
    return mixed @ model.output.weight.T + model.output.bias


def test_kernels_are_the_official_ones():
    assert TextCNN(5, 20).kernels == dict(
        zip([*range(1, 11), 15, 20], [100, 200, 200, 200, 200, 100, 100, 100, 100, 100, 160, 160], strict=True)
    )
    assert list(TextCNN(5, 32).kernels) == [*range(1, 11), 16, 24, 32]
    assert list(TextCNN(5, 40).kernels) == [*range(1, 11), 15, 20]
    assert list(TextCNN(5, 6).kernels) == [*range(1, 7)]
    assert sum(TextCNN(5, 20).kernels.values()) == 1720
    assert TextCNN(5, 20, filters=0.1).kernels[20] == 16


@pytest.mark.parametrize("length", [1, 7, 20, 32])
def test_values_and_gradients_are_those_of_the_slow_definition(length):
    model, rows = small(length=length).eval(), tokens(length=length)
    fast, slow = model(rows), slow_logits(model, rows)
    torch.testing.assert_close(fast, slow, atol=1e-5, rtol=1e-5)
    labels = torch.randint(2, (len(rows),), generator=rng(3))
    ours = torch.autograd.grad(F.cross_entropy(fast, labels), list(model.parameters()))
    expected = torch.autograd.grad(F.cross_entropy(slow, labels), list(model.parameters()))
    for gradient, twin in zip(ours, expected, strict=True):
        torch.testing.assert_close(gradient, twin, atol=1e-5, rtol=1e-5)


def test_windows_that_tie_share_the_gradient():
    model = small(vocabulary=2).eval()
    rows = tokens(vocabulary=2)
    for fast, slow in zip(
        torch.autograd.grad(model(rows).sum(), list(model.parameters())),
        torch.autograd.grad(slow_logits(model, rows).sum(), list(model.parameters())),
        strict=True,
    ):
        torch.testing.assert_close(fast, slow, atol=1e-5, rtol=1e-5)


def test_the_convolution_has_the_gradient_of_its_value():
    embedded = torch.randn(3, 5, 2, generator=rng(), dtype=torch.float64, requires_grad=True)
    weights = [
        torch.randn(4, width * 2, generator=rng(width), dtype=torch.float64, requires_grad=True) for width in (1, 3, 5)
    ]
    assert torch.autograd.gradcheck(MaxConvolution.apply, (embedded, *weights))


@pytest.mark.parametrize("count", [2, 3, 700])
def test_probabilities_are_those_of_the_logits(count):
    model, rows = small(), tokens(count)
    fast = model.real_probability(rows)
    assert not fast.requires_grad
    assert model.training
    expected = torch.softmax(slow_logits(model, rows), 1)[:, 1]
    torch.testing.assert_close(fast, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.softmax(model.eval()(rows), 1)[:, 1], expected, atol=1e-5, rtol=0)


def test_no_sequences_have_no_probabilities():
    assert small().real_probability(tokens(0)).shape == (0,)


def test_dropout_is_drawn_in_training_only():
    model, rows = small(), tokens(4)
    assert torch.equal(model(rows, rng=rng(5)), model(rows, rng=rng(5)))
    assert not torch.equal(model(rows, rng=rng(5)), model(rows, rng=rng(6)))
    with pytest.raises(ValueError, match="rng"):
        model(rows)
    assert torch.equal(model.eval()(rows), model(rows, rng=rng(5)))


def test_dropout_keeps_the_mean():
    model, row = small(), tokens(1)
    noisy = model(row.expand(20_000, -1), rng=rng(5))
    torch.testing.assert_close(noisy.mean(0), slow_logits(model, row)[0], atol=0.02, rtol=0)
    everything = small(dropout_keep=1.0)
    assert torch.equal(everything(row), everything.eval()(row))


def test_reset_gives_the_authors_starting_values():
    model = TextCNN(400, 20).reset(rng())
    assert model.embedding.weight.abs().max() <= 1
    assert abs(model.embedding.weight.std() - 3**-0.5) < 0.01
    for weight in (*model.convolutions, model.output.weight):
        assert weight.abs().max() <= 0.2
        assert abs(weight.std() - 0.088) < 0.004  # of N(0, .1) cut off at .2
    assert (model.convolution_bias == 0.1).all()
    assert (model.output.bias == 0.1).all()
    assert (model.highway_bias == 0).all()
    assert abs(model.highway.std() - (2 / (2 * 1720)) ** 0.5) < 1e-4
    again = TextCNN(400, 20).reset(rng())
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))


def test_penalty_is_half_the_squares_of_the_output_layer():
    model = small()
    expected = sum((parameter**2).sum() for parameter in model.output.parameters()) / 2
    torch.testing.assert_close(model.penalty(), expected)
    assert model.penalty().requires_grad
