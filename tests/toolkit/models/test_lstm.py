import itertools

import numpy as np
import pytest
import torch
from scipy.stats import chisquare, kstest
from torch.nn import functional as F

from bench.toolkit.models import softmax
from bench.toolkit.models.lstm import LSTM


def rng(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def tiny(end: int | None = None, length: int = 3) -> LSTM:
    return LSTM(4, length, embedding=5, hidden=6, start=1, end=end).reset(1.0, rng())


def every_sequence(vocabulary: int, length: int) -> torch.Tensor:
    return torch.tensor(list(itertools.product(range(vocabulary), repeat=length)))


def assert_drawn_from(sequences: torch.Tensor, probabilities: torch.Tensor, vocabulary: int) -> None:
    """Test rows by chi-square against the probability of each row of `every_sequence`; rare rows are pooled."""
    places = vocabulary ** torch.arange(sequences.shape[1]).flip(0)
    counts = (sequences * places).sum(1).bincount(minlength=len(probabilities)).numpy()
    expected = (probabilities.double() / probabilities.double().sum()).numpy() * len(sequences)
    assert not counts[expected == 0].any()
    rare = expected < 10
    observed, wanted = np.append(counts[~rare], counts[rare].sum()), np.append(expected[~rare], expected[rare].sum())
    kept = wanted > 0
    assert chisquare(observed[kept], wanted[kept]).pvalue > 1e-3


def numpy_log_prob(arrays: list[np.ndarray], sequences: np.ndarray, start: int) -> np.ndarray:
    """Return log_prob by the authors' formulas, one token at a time, in double precision."""
    embedding, wi, ui, bi, wf, uf, bf, wo, uo, bo, wc, uc, bc, v, c = (array.astype(np.float64) for array in arrays)
    result = np.zeros(sequences.shape)
    for row, sequence in enumerate(sequences):
        h = memory = np.zeros(len(ui))
        fed = start
        for position, token in enumerate(sequence):
            x = embedding[fed]
            i, f, o = (1 / (1 + np.exp(-(x @ w + h @ u + b))) for w, u, b in ((wi, ui, bi), (wf, uf, bf), (wo, uo, bo)))
            memory = f * memory + i * np.tanh(x @ wc + h @ uc + bc)
            h = o * np.tanh(memory)
            logits = h @ v + c
            result[row, position] = logits[token] - np.log(np.exp(logits).sum())
            fed = token
    return result


def oracle_arrays(vocabulary: int, embedding: int, hidden: int) -> list[np.ndarray]:
    draw = np.random.default_rng(5)
    gate = [(embedding, hidden), (hidden, hidden), (hidden,)]
    shapes = [(vocabulary, embedding), *gate * 4, (hidden, vocabulary), (vocabulary,)]
    return [draw.standard_normal(shape).astype(np.float32) for shape in shapes]


@pytest.mark.parametrize("embedding, hidden", [(32, 32), (7, 5)])
def test_published_arrays_give_the_plain_formula(embedding, hidden):
    arrays = oracle_arrays(500, embedding, hidden)
    model = LSTM(500, 20, embedding=embedding, hidden=hidden, start=3)
    model.load_gates([torch.from_numpy(array) for array in arrays])
    sequences = torch.randint(500, (9, 20), generator=rng())
    expected = numpy_log_prob(arrays, sequences.numpy(), start=3)
    np.testing.assert_allclose(model.log_prob(sequences).numpy(), expected, atol=2e-5)


def test_published_arrays_of_another_size_are_refused():
    arrays = [torch.from_numpy(array) for array in oracle_arrays(500, 32, 32)]
    for model, given in ((LSTM(500, 20, hidden=8), arrays), (LSTM(400, 20), arrays), (LSTM(500, 20), arrays[:-1])):
        with pytest.raises(ValueError, match="shapes"):
            model.load_gates(given)


@pytest.mark.parametrize("std", [0.1, 1.0])
def test_reset_draws_every_parameter_from_the_normal_distribution(std):
    model = LSTM(3000, 20).reset(std, rng())
    trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert sum(parameter.numel() for parameter in trained.values()) == 3000 * 32 + 4 * (32 * 32 * 2 + 32) + 33 * 3000
    for parameter in trained.values():
        assert kstest(parameter.detach().flatten().numpy(), "norm", args=(0, std)).pvalue > 1e-3
    assert all((parameter == 0).all() for parameter in model.parameters() if not parameter.requires_grad)
    again = LSTM(3000, 20).reset(std, rng())
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))


def test_steps_are_the_layer_run_position_by_position():
    model = LSTM(50, 6).reset(1.0, rng())
    tokens = torch.randint(50, (4, 6), generator=rng())
    whole, _ = model.cell(model.embedding(tokens))
    state = model.first_state(4)
    for position in range(6):
        state = model.step(tokens[:, position], state)
        torch.testing.assert_close(state[0], whole[:, position], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("temperature", [1.0, 0.7, 1.5])
def test_log_prob_is_a_distribution_over_sequences(temperature):
    log_prob = tiny().log_prob(every_sequence(4, 3), temperature)
    assert not log_prob.requires_grad
    torch.testing.assert_close(log_prob.sum(1).exp().sum(), torch.tensor(1.0))


def test_nothing_is_scored_after_the_first_end():
    sequences = torch.tensor([[2, 0, 0], [0, 0, 0], [1, 2, 3]])
    open_ended, closed = tiny().log_prob(sequences), tiny(end=0).log_prob(sequences)
    counted = torch.tensor([[True, True, False], [True, False, False], [True, True, True]])
    assert torch.equal(closed, open_ended * counted)


@pytest.mark.parametrize("inputs", [False, True])
@pytest.mark.parametrize("budget", [300, 2**20])
def test_weighted_nll_and_its_gradients_are_those_of_cross_entropy(monkeypatch, budget, inputs):
    monkeypatch.setattr(softmax, "_LOGITS_ON_CPU", budget)
    model = LSTM(60, 7, embedding=8, hidden=9, start=2).reset(0.7, rng())
    sequences, weights = torch.randint(60, (5, 7), generator=rng(2)), torch.rand(5, 7, generator=rng(3))
    fed = torch.randint(60, (5, 7), generator=rng(4)) if inputs else F.pad(sequences[:, :-1], (1, 0), value=2)
    hidden, _ = model.cell(model.embedding(fed))
    plain = (F.cross_entropy(model.output(hidden).mT, sequences, reduction="none") * weights).sum()
    fast = model.weighted_nll(sequences, weights, fed if inputs else None)
    torch.testing.assert_close(fast, plain, atol=1e-5, rtol=1e-5)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    ours, expected = torch.autograd.grad(fast, trained), torch.autograd.grad(plain, trained)
    for gradient, twin in zip(ours, expected, strict=True):
        torch.testing.assert_close(gradient, twin, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("end", [None, 0])
@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_samples_follow_the_probabilities(temperature, end):
    model, sequences = tiny(end), every_sequence(4, 3)
    probabilities = model.log_prob(sequences, temperature).sum(1).exp()
    if end is not None:  # only rows that repeat `end` after their first one can be drawn
        stray = (sequences[:, :-1] == end) & (sequences[:, 1:] != end)
        probabilities = probabilities * ~stray.any(1)
    assert_drawn_from(model.sample(30_000, rng=rng(), temperature=temperature), probabilities, 4)


def test_samples_depend_on_the_seed_and_on_nothing_else(monkeypatch):
    model = LSTM(300, 12).reset(1.0, rng())
    first = model.sample(100, rng=rng(7))
    assert first.shape == (100, 12)
    assert first.dtype == torch.int64
    assert torch.equal(model.sample(100, rng=rng(7)), first)
    assert not torch.equal(model.sample(100, rng=rng(8)), first)
    monkeypatch.setattr(softmax, "_LOGITS_ON_CPU", 2000)
    assert torch.equal(model.sample(100, rng=rng(7)), first)


def test_no_samples_are_an_empty_array():
    assert tiny().sample(0, rng=rng()).shape == (0, 3)


def test_scheduled_inputs_with_every_token_kept_are_the_shifted_sequences():
    sequences = torch.randint(4, (50, 3), generator=rng())
    assert torch.equal(tiny().scheduled_inputs(sequences, 1.0, rng=rng()), F.pad(sequences[:, :-1], (1, 0), value=1))


def test_scheduled_inputs_with_no_token_kept_are_samples():
    model = tiny()
    inputs = model.scheduled_inputs(torch.zeros(30_000, 3, dtype=torch.int64), 0.0, rng=rng())
    assert (inputs[:, 0] == 1).all()
    shorter = every_sequence(4, 2)
    probabilities = model.log_prob(F.pad(shorter, (0, 1)))[:, :2].sum(1).exp()
    assert_drawn_from(inputs[:, 1:], probabilities, 4)


def test_scheduled_inputs_toss_one_coin_for_each_token():
    model = LSTM(1000, 20).reset(0.1, rng())
    sequences = torch.full((500, 20), 999)
    kept = (model.scheduled_inputs(sequences, 0.75, rng=rng())[:, 1:] == 999).float()
    assert abs(kept.mean() - 0.75) < 0.02
    assert abs(kept.mean(1).std() - (0.75 * 0.25 / 19) ** 0.5) < 0.01
    again = model.scheduled_inputs(sequences, 0.75, rng=rng())
    assert torch.equal((again[:, 1:] == 999).float(), kept)


def test_a_saved_model_is_the_same_model():
    model, other = tiny(), tiny().reset(2.0, rng(9))
    other.load_state_dict(model.state_dict())
    assert torch.equal(other.sample(50, rng=rng()), model.sample(50, rng=rng()))
