"""The evaluator checks everything that it gets, and signs its scores."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from bench import __version__
from bench.contracts.errors import ContractError
from bench.contracts.generator import LOGITS, ROWS
from bench.contracts.metric import Generated, Score, Scores
from bench.contracts.seeding import torch_rng
from bench.engine.conformance.subject import toy_data
from bench.judging.evaluator import Evaluator, draw, log_prob_of, next_log_prob_of, rows_at_once
from bench.toolkit.metrics.nll import NLLTest
from bench.toolkit.models.unigram import Unigram

DATA = toy_data()


class Says:
    """A generator that returns given samples."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Any:
        return self.answer(count) if callable(self.answer) else self.answer


class Knows(Says):
    """It also has log-probabilities."""

    def __init__(self, answer: Any, log_p: Any) -> None:
        super().__init__(answer)
        self.log_p = log_p

    def log_prob(self, sequences: torch.Tensor) -> Any:
        return self.log_p(sequences)


def ids(count: int) -> torch.Tensor:
    return torch.arange(6).repeat(count, 1)


class Share:
    """The share of one token."""

    name, better = "share", "higher"

    def __init__(self, value: Callable[[np.ndarray], float | None] = lambda scores: float(scores.mean())) -> None:
        self.value = value

    def signature(self) -> str:
        return "share|token:3"

    def score(self, generated: Generated, data: Any) -> Scores:
        scores = (generated.sequences == 3).mean(1)
        return Scores(self.value(scores), scores)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda n: ids(n)[:-1], r"sample\(8\) returned shape \(7, 6\), not \(8, 6\)"),
        (lambda n: ids(n)[:, :-1], r"shape \(8, 5\), not \(8, 6\)"),
        (lambda n: ids(n)[0], r"shape \(6,\)"),
        (lambda n: ids(n).float(), "returned float32, not integer token ids"),
        (lambda n: torch.full((n, 6), torch.nan), "returned float32, not integer token ids"),
        (lambda n: ids(n).bfloat16(), "returned bfloat16, not integer token ids"),
        (lambda n: ids(n) > 2, "returned bool, not integer"),
        (lambda n: None, "returned object, not integer"),
        (lambda n: ids(n) + 7, r"token id 12, outside the vocabulary 0\.\.11"),
        (lambda n: ids(n) - 1, r"token id -1, outside the vocabulary 0\.\.11"),
        (lambda n: [["w1"] * 6] * n, "not integer token ids"),
    ],
)
def test_samples_that_break_the_contract_are_refused(answer: Any, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        draw(Says(answer), 8, DATA, torch_rng("test"))


@pytest.mark.parametrize("make", [ids, lambda n: ids(n).int(), lambda n: ids(n).numpy(), lambda n: ids(n).tolist()])
def test_any_integer_rows_will_do(make: Any) -> None:
    found = draw(Says(make), 8, DATA, torch_rng("test"))
    assert found.dtype == np.int64 and np.array_equal(found, ids(8).numpy())


@pytest.mark.parametrize(
    "log_p",
    [
        lambda s: torch.full(s.shape, torch.nan),
        lambda s: torch.full(s.shape, 0.1),
        lambda s: torch.zeros(len(s)),
    ],
)
def test_log_probabilities_that_break_the_contract_are_refused(log_p: Any) -> None:
    with pytest.raises(ContractError, match="log_prob"):
        Evaluator(DATA, [NLLTest(DATA)], "last").judge(Knows(ids, log_p), 10, torch_rng("test"))


def test_log_prob_is_asked_only_where_it_is() -> None:
    cpu = torch.device("cpu")
    assert log_prob_of(Says(ids), DATA, cpu) is None
    log_prob = log_prob_of(Knows(ids, lambda s: torch.zeros(s.shape, requires_grad=True)), DATA, cpu)
    assert log_prob is not None and log_prob(DATA.test).dtype == np.float64
    judged = Evaluator(DATA, [NLLTest(DATA)], "last").judge(Says(ids), 10, torch_rng("test"))
    assert judged.scores["nll_test"].value is None and judged.per_sequence == {}


def test_a_generator_is_shown_sequences_on_its_own_device() -> None:
    seen: list[torch.device] = []

    def log_p(sequences: torch.Tensor) -> torch.Tensor:
        seen.append(sequences.device)
        return torch.zeros(sequences.shape)

    elsewhere = torch.device("meta")  # the one beside the CPU that every machine has
    log_prob = log_prob_of(Knows(ids, log_p), DATA, elsewhere)
    assert log_prob is not None and log_prob(DATA.test).shape == DATA.test.shape and seen == [elsewhere]


@pytest.mark.parametrize(("length", "words"), [(20, 5_000), (32, 88), (1_000, 100_000), (6, 12)])
def test_log_prob_is_shown_slices_of_the_size_in_the_contract(length: int, words: int) -> None:
    size = rows_at_once(length, words)
    assert size == {5_000: 500, 88: 1_000, 100_000: 1, 12: 1_000}[words]
    assert size == 1 or (size <= ROWS and size * length * words <= LOGITS)


def test_slices_give_what_the_whole_gives() -> None:
    shown: list[int] = []

    def log_p(sequences: torch.Tensor) -> torch.Tensor:
        shown.append(len(sequences))
        return -sequences.double() / 7

    rows = np.random.default_rng(0).integers(0, 12, (2_345, 6))
    log_prob = log_prob_of(Knows(ids, log_p), DATA, torch.device("cpu"))
    assert log_prob is not None and np.array_equal(log_prob(rows), -rows / 7) and shown == [1_000, 1_000, 345]
    assert log_prob(rows[:0]).shape == (0, 6)


def test_log_prob_can_not_write_into_the_data() -> None:
    before = DATA.test.copy()
    log_prob = log_prob_of(Knows(ids, lambda s: -s.fill_(1).double()), DATA, torch.device("cpu"))
    assert log_prob is not None and (log_prob(DATA.test) == -1).all() and np.array_equal(DATA.test, before)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float32])
def test_log_prob_may_be_of_any_float_type(kind: torch.dtype) -> None:
    log_prob = log_prob_of(Knows(ids, lambda s: torch.full(s.shape, -2.5, dtype=kind)), DATA, torch.device("cpu"))
    assert log_prob is not None and log_prob(DATA.test).dtype == np.float64 and (log_prob(DATA.test) == -2.5).all()


class Noisy(torch.nn.Module):
    """Dropout, a batch norm, and answers from global generators."""

    def __init__(self) -> None:
        super().__init__()
        self.drop, self.norm, self.frozen = torch.nn.Dropout(0.5), torch.nn.BatchNorm1d(6), torch.nn.Dropout(0.5)
        self.frozen.eval()

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> torch.Tensor:
        assert not any(module.training for module in self.modules())
        return torch.randint(6, (count, 6)) + np.random.randint(3) + random.randrange(3)

    def log_prob(self, sequences: torch.Tensor) -> torch.Tensor:
        return -self.drop(self.norm(sequences.float()).abs())


class Wrapped:
    """It is not a module itself."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def sample(self, count: int, *, rng: torch.Generator, temperature: float = 1.0) -> Any:
        return self.model.sample(count, rng=rng)

    def log_prob(self, sequences: torch.Tensor) -> Any:
        return self.model.log_prob(sequences)


@pytest.mark.parametrize("wrap", [lambda model: model, Wrapped, lambda model: Wrapped(Wrapped(model))])
def test_to_judge_changes_nothing_and_depends_on_nothing(wrap: Callable[[Any], Any]) -> None:
    model = Noisy()
    modes = [module.training for module in model.modules()]
    state = {name: value.clone() for name, value in model.state_dict().items()}
    chance = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    evaluator = Evaluator(DATA, [Share(), NLLTest(DATA)], "last")
    first = evaluator.judge(wrap(model), 30, torch_rng("test"))
    assert modes == [module.training for module in model.modules()] == [True, True, True, False]
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), chance[0]) and random.getstate() == chance[2]
    assert np.random.get_state()[1].tolist() == chance[1]
    torch.rand(3), np.random.rand(), random.random()
    again, other = (evaluator.judge(wrap(model), 30, torch_rng(name)) for name in ("test", "other"))
    assert first.scores == again.scores and np.array_equal(first.samples, again.samples)
    assert not np.array_equal(first.samples, other.samples)
    expected = np.abs(DATA.test / math.sqrt(1 + 1e-5)).mean(1)  # of a batch norm in eval mode, without dropout
    assert np.allclose(first.per_sequence["nll_test"], expected)


def test_metrics_may_draw_from_global_generators() -> None:
    odd = Share(lambda scores: float(np.random.rand() + torch.rand(())))
    first, second = (Evaluator(DATA, [odd], "last").judge(Says(ids), 10, torch_rng("test")) for _ in range(2))
    assert first.scores == second.scores


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, r"odd: score\(\) returned None, not Scores"),
        (Scores("high"), "not Scores"),  # type: ignore[arg-type]
        (Scores(0.5, np.ones((10, 2))), r"odd: score\(\) returned per_sequence of shape \(10, 2\)"),
        (Scores(0.5, np.array(["a", "b"])), r"odd: score\(\) returned per_sequence of <U1, not a number"),  # type: ignore[arg-type]
        (Scores(0.5, np.array([1, math.nan])), r"odd is 0\.5, yet per_sequence holds NaN or infinity"),
        (Scores(0.5, np.array([1, math.inf])), r"odd is 0\.5, yet per_sequence holds NaN or infinity"),
    ],
)
def test_what_is_no_score_is_refused(answer: Any, message: str) -> None:
    odd = Share()
    odd.name = "odd"
    odd.score = lambda generated, data: answer  # type: ignore[method-assign]
    with pytest.raises(ContractError, match=message):
        Evaluator(DATA, [odd], "last").judge(Says(ids), 10, torch_rng("test"))


def test_two_metrics_of_one_name_are_refused() -> None:
    with pytest.raises(ContractError, match="two metrics are called 'share'"):
        Evaluator(DATA, [Share(), NLLTest(DATA), Share()], "last")


def test_metrics_that_are_yielded_are_all_scored() -> None:
    judged = Evaluator(DATA, (metric for metric in (Share(), NLLTest(DATA))), "last").judge(  # type: ignore[arg-type]
        Says(ids), 10, torch_rng("test")
    )
    assert list(judged.scores) == ["share", "nll_test"]


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (None, r"metrics\(\) returned None, not a list"),
        ([], r"metrics\(data\) is empty"),
        (["share"], "'share' is no metric: it lacks score"),
        ({"name": ""}, "the name of a metric is ''"),
        ({"name": "."}, "the name of a metric is '.'"),
        ({"name": 3}, "the name of a metric is 3: give Share one with a letter"),
        ({"better": "up"}, "share: better is 'up'; say 'lower' or 'higher'"),
    ],
)
def test_what_is_no_metric_is_refused(facts: Any, message: str) -> None:
    odd: Any = facts
    if isinstance(facts, dict):
        odd = [Share()]
        vars(odd[0]).update(facts)
    with pytest.raises(ContractError, match=message):
        Evaluator(DATA, odd, "last")


@pytest.mark.parametrize("value", [np.float32(0.5), np.float64(0.5), np.int64(1), 1])
def test_a_score_of_any_kind_of_number_can_be_written_down(value: Any) -> None:
    judged = Evaluator(DATA, [Share(lambda scores: value)], "last").judge(Says(ids), 10, torch_rng("test"))
    assert json.loads(json.dumps(judged.scores["share"].value)) == float(value)


def test_a_score_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ContractError, match="share is NaN"):
        Evaluator(DATA, [Share(lambda scores: np.nan)], "last").judge(Says(ids), 10, torch_rng("test"))


def test_an_infinite_score_is_undefined() -> None:
    impossible = Knows(ids, lambda s: torch.full(s.shape, -torch.inf))
    judged = Evaluator(DATA, [NLLTest(DATA)], "last").judge(impossible, 10, torch_rng("test"))
    assert judged.scores["nll_test"].value is None and judged.per_sequence == {}


def test_undefined_is_none_and_not_a_number() -> None:
    judged = Evaluator(DATA, [Share(lambda scores: None)], "last").judge(Says(ids), 10, torch_rng("test"))
    assert judged.scores["share"].value is None


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("last", "last"),
        ("best-valid", "best-valid-of-last-phase"),
        ("best-oracle", "best-oracle-of-last-phase"),
    ],
)
def test_the_signature_says_how_the_number_was_made(rule: str, said: str) -> None:
    judged = Evaluator(DATA, [Share()], rule).judge(Says(ids), 10, torch_rng("test"))
    signature = f"share|token:3|hyps:10|temp:1|ckpt:{said}|data:{DATA.fingerprint}|v:{__version__}"
    assert judged.scores == {"share": Score(value=pytest.approx(1 / 6), better="higher", signature=signature)}
    assert np.array_equal(judged.per_sequence["share"], np.full(10, 1 / 6)) and judged.samples.shape == (10, 6)


def test_a_score_says_which_bound_it_is() -> None:
    upper = Share()
    upper.bound = "upper"  # type: ignore[attr-defined]
    for metric, bound in ((upper, "upper"), (Share(), None)):
        judged = Evaluator(DATA, [metric], "last").judge(Says(ids), 10, torch_rng("test"))
        assert judged.scores["share"].bound == bound


def test_never_more_rows_than_are_held_out() -> None:
    judged = Evaluator(DATA, [Share()], "last").judge(Says(ids), 10_000, torch_rng("test"))
    assert len(judged.samples) == len(DATA.valid) == 30 and "|hyps:30|" in judged.scores["share"].signature


def test_the_same_rng_the_same_scores() -> None:
    model = Unigram(torch.from_numpy(np.bincount(DATA.train.ravel(), minlength=12)) / DATA.train.size, 6)
    evaluator = Evaluator(DATA, [Share(), NLLTest(DATA)], "last")
    first, second, other = (evaluator.judge(model, 30, torch_rng("test", seed)) for seed in (0, 0, 1))
    assert first.scores == second.scores and np.array_equal(first.samples, second.samples)
    assert not np.array_equal(first.samples, other.samples)


def test_a_metric_that_writes_into_the_sequences_is_refused() -> None:
    class Sorts(Share):
        def score(self, generated: Generated, data: Any) -> Scores:
            generated.sequences[:, ::-1].sort(axis=1)
            return Scores(0.0)

    with pytest.raises(ContractError, match="share wrote into the sequences it was given: copy what you change"):
        Evaluator(DATA, [Sorts()], "last").judge(Says(ids), 10, torch_rng("test"))


class Final(Share):
    """A metric with a profile, for finished generators only."""

    name, only_final = "final", True

    def score(self, generated: Generated, data: Any) -> Scores:
        return Scores(1.0, None, {"final": [0.5, math.inf, math.nan, None]})


def test_learning_curves_go_without_metrics_of_finished_generators_but_for_the_headline() -> None:
    def names(*metrics: Any) -> list[str]:
        return [metric.name for metric in Evaluator(DATA, metrics, "last").of_curves().metrics]

    assert names(Share(), Final()) == ["share"] and names(Final(), Share()) == ["final", "share"]


def test_profiles_are_kept_as_plain_numbers() -> None:
    judged = Evaluator(DATA, [Final()], "last").judge(Says(ids), 10, torch_rng("test"))
    assert judged.profiles == {"final": [0.5, None, None, None]}


def test_next_token_probabilities_of_another_shape_are_refused() -> None:
    class Conditional(Says):
        def next_log_prob(self, sequences: torch.Tensor) -> torch.Tensor:
            return torch.zeros(len(sequences), 6, 3)

    found = next_log_prob_of(Conditional(ids), DATA, torch.device("cpu"))
    assert found is not None and next_log_prob_of(Says(ids), DATA, torch.device("cpu")) is None
    with pytest.raises(ContractError, match=r"has shape \(2, 6, 3\), not \(2, 6, 12\)"):
        found(DATA.test[:2])
