"""The tasks with a known truth: enumerable and markov."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.seeding import torch_rng
from bench.judging.evaluator import Evaluator, Judgement
from bench.toolkit.models.tempered import tempered

SMALL = {"train": 640, "valid": 500, "test": 500}
TASKS: list[tuple[str, dict[str, Any]]] = [
    ("enumerable", {}),
    ("enumerable", {"order": 2}),
    ("enumerable", {"oracle": "lstm"}),
    ("enumerable", {"words": 2, "length": 9}),
    ("markov", {}),
    ("markov", {"order": 3, "words": 8}),
    ("markov", {"order": 1, "words": 200, "length": 5}),
]


def judged(opened: Opened, model: Any) -> Judgement:
    evaluator = Evaluator.of(opened, "last")
    return evaluator.judge(model, 400, torch_rng("test"))


@pytest.mark.parametrize(("name", "settings"), TASKS)
def test_the_oracle_is_at_no_distance_from_itself_and_at_some_when_sharper(
    sample: Callable[..., Opened], name: str, settings: dict[str, Any]
) -> None:
    opened = sample(name, **SMALL, **settings)
    oracle = opened.dataset.real(opened.data)
    same, sharper = (judged(opened, tempered(oracle, temperature)).scores for temperature in (1.0, 0.6))
    for metric in ("exact_forward_kl", "exact_reverse_kl", "tv", "calibration_gap", "exposure_bias"):
        assert same[metric].value == pytest.approx(0, abs=1e-9)
    assert sharper["exact_forward_kl"].value > 0.01 and sharper["exact_reverse_kl"].value > 0.01
    assert sharper["nll_oracle"].value < same["nll_oracle"].value
    assert sharper["nll_test"].value > same["nll_test"].value


@pytest.mark.parametrize(("name", "settings"), TASKS)
def test_the_data_follow_the_oracle(sample: Callable[..., Opened], name: str, settings: dict[str, Any]) -> None:
    opened = sample(name, **SMALL, **settings)
    oracle = opened.dataset.real(opened.data)
    rows = torch.from_numpy(opened.data.train)
    first = oracle.next_log_prob(rows[:1])[0, 0].exp().numpy()
    drawn = np.bincount(opened.data.train[:, 0], minlength=len(first)) / len(rows)
    assert np.abs(drawn - first).sum() / 2 < 0.12
    next_p = oracle.next_log_prob(rows)
    entropy = -(next_p.exp() * next_p).sum(2).mean()  # the mean of -log p of the drawn tokens
    assert float(-oracle.log_prob(rows).mean()) == pytest.approx(float(entropy), abs=0.1)


@pytest.mark.parametrize("name", ["enumerable", "markov"])
def test_the_seed_makes_the_oracle_and_the_data(sample: Callable[..., Opened], name: str) -> None:
    first, again, other = (sample(name, seed=seed, **SMALL).data for seed in (0, 0, 1))
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert first.source.sha256 == again.source.sha256 != other.source.sha256
    assert len({rows.tobytes() for rows in (first.train[:500], first.valid, first.test)}) == 3


def test_rows_of_the_small_task_that_occur_in_several_splits_are_counted(sample: Callable[..., Opened]) -> None:
    data = sample("enumerable", **SMALL).data
    known = {tuple(row) for row in data.train.tolist()}
    share = np.mean([tuple(row) in known for row in data.test.tolist()])
    assert f"{share:.1%} of the test rows also occur in training" in data.notes[0]


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("enumerable", {"words": 6, "length": 8}, "words = 6 and length = 8 make 1,679,616 sequences; choose smaller"),
        ("markov", {"words": 200, "order": 3}, "order = 3 and words = 200 make a table of 1,600,000,000 probabilities"),
    ],
)
def test_tasks_that_are_too_large_are_refused(
    sample: Callable[..., Opened], name: str, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(BenchError, match=words):
        sample(name, **settings)


def test_a_generator_with_log_prob_alone_is_exact_on_the_enumerable_task(sample: Callable[..., Opened]) -> None:
    class Scored:
        def __init__(self, model: Any) -> None:
            self.sample, self.log_prob = model.sample, model.log_prob

    opened = sample("enumerable", **SMALL)
    model = tempered(opened.dataset.real(opened.data), 0.7)
    whole, alone = judged(opened, model).scores, judged(opened, Scored(model)).scores
    assert whole == alone and whole["exact_forward_kl"].value > 0


def test_a_generator_without_log_prob_is_counted(sample: Callable[..., Opened]) -> None:
    class Silent:
        def __init__(self, model: Any) -> None:
            self.sample = model.sample

    opened = sample("enumerable", **SMALL)
    scores = judged(opened, Silent(opened.dataset.real(opened.data))).scores
    defined = {name for name, score in scores.items() if score.value is not None}
    counted = {"train_4grams", "counted_tv", "counted_reverse_kl"}
    assert defined == {"nll_oracle", *counted, "copied_rows", "longest_copied", "unique_rows", "distinct-2"}
    assert 0 < scores["counted_tv"].value < 0.4 and "|from:counts|" in scores["counted_tv"].signature


def test_a_uniform_generator_misses_by_what_the_oracle_knows(sample: Callable[..., Opened]) -> None:
    from bench.toolkit.models.unigram import Unigram

    opened = sample("enumerable", **SMALL)
    oracle = opened.dataset.real(opened.data)
    found = judged(opened, Unigram(torch.full((6,), 1 / 6, dtype=torch.float64), 4))
    wanted = math.log(6) - oracle.entropy().numpy()
    assert found.profiles["exact_forward_kl"] == pytest.approx(wanted.tolist(), abs=1e-9)
    assert found.profiles["entropy_p"] == pytest.approx(oracle.entropy().tolist(), abs=1e-9)
