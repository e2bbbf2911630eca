"""Tests of mle, mle-temperature, scheduled-sampling, and the two Randoms, which have no memory."""

import math
from typing import Any

import pytest
import torch

from bench.contracts.data import SequenceData
from bench.contracts.trainer import Trainer
from bench.plugins import loading as plugins

TOY = {"embedding": 8, "hidden": 16, "batch": 20, "mle_epochs": 25, "rate": 0.03}


def seeded(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def train(name: str, data: SequenceData, **knobs: Any) -> tuple[Trainer, list[dict[str, float]]]:
    cls: Any = plugins.load("bench.baselines", name)
    trainer = cls(data, cls.Settings(**knobs), torch.device("cpu"), seeded())
    return trainer, [phase.step() for phase in trainer.phases() for _ in range(phase.epochs)]


def nll(trainer: Trainer, data: SequenceData) -> float:
    return -float(trainer.generator.log_prob(torch.as_tensor(data.test)).mean())  # type: ignore[attr-defined]


def test_mle_goes_below_the_unigram_and_comes_near_the_grammars_entropy(data: SequenceData) -> None:
    trainer, losses = train("mle", data, **TOY)
    first, step = math.log(7), -(0.8 * math.log(0.8) + 0.2 * math.log(0.2))
    entropy = (first + 5 * step) / 6
    unigram = nll(train("random-unigram", data)[0], data)
    assert losses[-1]["loss"] < losses[0]["loss"] < 2.2
    assert entropy - 0.1 < losses[-1]["loss"] < entropy + 0.1 < unigram
    assert nll(trainer, data) < entropy + 0.2


def test_the_two_randoms(data: SequenceData) -> None:
    uniform, unigram = train("random-uniform", data)[0], train("random-unigram", data, pseudocount=0.0)[0]
    assert nll(uniform, data) == pytest.approx(math.log(8), abs=1e-5)
    share = torch.as_tensor(data.train).flatten().bincount(minlength=8).double() / data.train.size
    one_of_each = torch.arange(8)[:, None].repeat(1, 6)
    got = unigram.generator.log_prob(one_of_each)[:, 0].exp()  # type: ignore[attr-defined]
    assert torch.allclose(got.double(), share, atol=1e-6)


def test_the_end_token_counts_once_in_the_unigram(either_data: SequenceData) -> None:
    tokens = [
        token
        for row in either_data.train.tolist()
        for token in (row if either_data.vocabulary.end is None else row[: [*row, 0].index(0) + 1])
    ]
    unigram = train("random-unigram", either_data, pseudocount=0.0)[0]
    got = unigram.generator.log_prob(torch.zeros(1, 6, dtype=torch.int64))[0, 0].exp()  # type: ignore[attr-defined]
    assert float(got) == pytest.approx(tokens.count(0) / len(tokens), abs=1e-6)


def test_scheduled_sampling_without_decay_is_teacher_forcing(data: SequenceData) -> None:
    knobs = TOY | {"mle_epochs": 3}
    forced, _ = train("mle", data, **knobs)
    kept, facts = train("scheduled-sampling", data, decay=0.0, **knobs)
    assert [fact["keep"] for fact in facts] == [1, 1, 1]
    assert torch.equal(forced.generator.output.weight, kept.generator.output.weight)  # type: ignore[attr-defined]


def test_scheduled_sampling_decays_to_zero(data: SequenceData) -> None:
    _, facts = train("scheduled-sampling", data, decay=0.4, **TOY | {"mle_epochs": 4})
    assert [fact["keep"] for fact in facts] == pytest.approx([1, 0.6, 0.2, 0])


def test_scheduled_sampling_still_learns_the_grammar(data: SequenceData) -> None:
    trainer, _ = train("scheduled-sampling", data, decay=0.01, **TOY)
    assert nll(trainer, data) < nll(train("random-unigram", data)[0], data) - 0.5


def test_the_temperature_sharpens_sampling_and_scoring_alike(data: SequenceData) -> None:
    plain, _ = train("mle", data, **TOY | {"mle_epochs": 5})
    sharp, _ = train("mle-temperature", data, temperature=0.5, **TOY | {"mle_epochs": 5})
    state, sharpened = plain.state()["generator"].state_dict(), sharp.state()["generator"].state_dict()
    assert all(torch.equal(state[key], sharpened[key]) for key in state)
    model: Any = plain.generator
    assert torch.equal(sharp.generator.sample(50, rng=seeded(3)), model.sample(50, rng=seeded(3), temperature=0.5))

    tokens = torch.as_tensor(data.test)
    hidden, _ = model.cell(model.embedding(model.shifted(tokens)))
    expected = (model.output(hidden) / 0.5).log_softmax(2).gather(2, tokens[:, :, None])[:, :, 0]
    assert torch.allclose(sharp.generator.log_prob(tokens), expected, atol=1e-5)  # type: ignore[attr-defined]
    drawn = sharp.generator.sample(2000, rng=seeded(4))
    entropy = -sharp.generator.log_prob(drawn).mean()  # type: ignore[attr-defined]
    assert entropy < -model.log_prob(model.sample(2000, rng=seeded(4))).mean() - 0.1
