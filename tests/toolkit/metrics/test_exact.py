"""Exact divergences against loops over all sequences, and against an LSTM written in numpy."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from bench.contracts.data import SequenceData, Source
from bench.contracts.errors import ContractError
from bench.contracts.metric import FloatArray, Generated
from bench.contracts.vocabulary import Vocabulary
from bench.toolkit.metrics import exact
from bench.toolkit.metrics.prefixes import GROUPS, compare
from bench.toolkit.metrics.truth import EnumeratedTruth, SampledTruth, View
from bench.toolkit.models.lstm import LSTM
from bench.toolkit.models.markov import MarkovChain
from bench.toolkit.models.tempered import tempered

WORDS, LENGTH = 4, 3
EVERY = np.array(list(itertools.product(range(WORDS), repeat=LENGTH)))


def lstm(std: float, seed: int, words: int = WORDS, length: int = LENGTH) -> LSTM:
    return LSTM(words, length, embedding=5, hidden=7).reset(std, torch.Generator().manual_seed(seed)).double()


def chain(order: int) -> MarkovChain:
    rng = np.random.default_rng(order)
    return MarkovChain.dirichlet(WORDS, LENGTH, order=order, concentration=0.5, uniform=0.05, rng=rng)


MODELS: dict[str, Callable[[], Any]] = {
    "chain and LSTM": lambda: (chain(1), lstm(1.0, 0)),
    "LSTM and chain": lambda: (lstm(1.0, 1), chain(2)),
    "an LSTM and itself, sharper": lambda: (lstm(1.0, 2), tempered(lstm(1.0, 2), 0.5)),
}


def log_prob(model: Any) -> Callable[[np.ndarray], FloatArray]:
    return lambda rows: np.asarray(model.log_prob(torch.from_numpy(rows)).double())


def next_log_prob(model: Any) -> Callable[[np.ndarray], torch.Tensor]:
    return lambda rows: model.next_log_prob(torch.from_numpy(rows))


def enumerated(p: Any, q: Any) -> View:
    view = EnumeratedTruth(log_prob(p), WORDS, LENGTH).look(Generated(EVERY, log_prob(q)))
    assert view is not None
    return view


class Loops:
    """The definitions of docs/reading.md, one prefix and one token at a time."""

    def __init__(self, p: Any, q: Any) -> None:
        shown = [tuple(row) for row in EVERY.tolist()]
        self.p, self.q = (
            self._prefixes(dict(zip(shown, np.exp(log_prob(model)(EVERY).sum(1)).tolist(), strict=True)))
            for model in (p, q)
        )

    @staticmethod
    def _prefixes(joint: dict[tuple[int, ...], float]) -> dict[tuple[int, ...], float]:
        found: dict[tuple[int, ...], float] = defaultdict(float)
        for row, chance in joint.items():
            for t in range(LENGTH + 1):
                found[row[:t]] += chance
        return found

    def next(self, model: dict[tuple[int, ...], float], h: tuple[int, ...]) -> list[float]:
        return [model[(*h, v)] / model[h] for v in range(WORDS)]

    def over(
        self, where: dict[tuple[int, ...], float], what: Callable[[list[float], list[float]], float]
    ) -> list[float]:
        """Return the mean by position of a function of p(.|h) and q(.|h), over prefixes h of `where`."""
        return [
            sum(
                where[h] * what(self.next(self.p, h), self.next(self.q, h))
                for h in itertools.product(range(WORDS), repeat=t)
            )
            for t in range(LENGTH)
        ]

    def tv(self) -> list[float]:
        return [
            sum(abs(self.p[h] - self.q[h]) for h in itertools.product(range(WORDS), repeat=t)) / 2
            for t in range(1, LENGTH + 1)
        ]

    def precision(self, slope: float) -> float:
        return sum(min(slope * self.p[h], self.q[h]) for h in itertools.product(range(WORDS), repeat=LENGTH))


def kl(a: list[float], b: list[float]) -> float:
    return sum(x * math.log(x / y) for x, y in zip(a, b, strict=True))


def distance(a: list[float], b: list[float]) -> float:
    return sum(abs(x - y) for x, y in zip(a, b, strict=True)) / 2


@pytest.mark.parametrize("name", MODELS)
def test_every_divergence_is_that_of_the_enumeration(name: str) -> None:
    p, q = MODELS[name]()
    loops, view = Loops(p, q), enumerated(p, q)
    forward, on_own = loops.over(loops.p, kl), loops.over(loops.q, kl)
    assert exact.forward_kl(view) == pytest.approx(forward, abs=1e-9)
    assert exact.reverse_kl(view) == pytest.approx(loops.over(loops.q, lambda a, b: kl(b, a)), abs=1e-9)
    assert exact.exposure_bias(view) == pytest.approx(np.subtract(on_own, forward), abs=1e-9)
    moved = np.subtract(loops.over(loops.q, distance), loops.over(loops.p, distance))
    assert exact.exposure_bias_tv(view) == pytest.approx(moved, abs=1e-9)
    assert exact.total_variation(view) == pytest.approx(loops.tv(), abs=1e-9)
    assert view.real.mean(view.real.entropy_p) == pytest.approx(
        loops.over(loops.p, lambda a, b: -sum(x * math.log(x) for x in a)), abs=1e-9
    )
    assert view.fake.mean(view.fake.entropy_q) == pytest.approx(
        loops.over(loops.q, lambda a, b: -sum(x * math.log(x) for x in b)), abs=1e-9
    )
    slopes = np.array([0.2, 1.0, 3.0])
    precision, recall = exact.precision_recall(view.real, slopes, LENGTH)
    assert precision == pytest.approx([loops.precision(slope) for slope in slopes], abs=1e-9)
    assert recall == pytest.approx(precision / slopes) and precision[1] == pytest.approx(1 - loops.tv()[-1])


@pytest.mark.parametrize("name", MODELS)
def test_calibration_is_that_of_the_enumeration(name: str) -> None:
    p, q = MODELS[name]()
    loops, view = Loops(p, q), enumerated(p, q)
    wanted = np.zeros((3, GROUPS))
    for t in range(LENGTH):
        for h in itertools.product(range(WORDS), repeat=t):
            for of_p, of_q in zip(loops.next(loops.p, h), loops.next(loops.q, h), strict=True):
                wanted[:, math.floor(-math.log2(of_q))] += loops.p[h] * np.array([1, of_q, of_p])
    found = view.calibration
    assert np.stack([found.count, found.sum_q, found.sum_p]) == pytest.approx(wanted, abs=1e-9)
    used = wanted[0] > 0
    count, sum_q, sum_p = wanted[:, used]
    gap = (sum_q / LENGTH * np.abs(sum_q / count - sum_p / count)).sum()
    assert view.calibration.gap() == pytest.approx(gap, abs=1e-9)


@pytest.mark.parametrize("name", MODELS)
def test_sampled_prefixes_give_the_same_numbers_where_every_sequence_counts_by_its_chance(name: str) -> None:
    p, q = MODELS[name]()
    view = enumerated(p, q)
    real, _ = compare(next_log_prob(p), next_log_prob(q), EVERY, view.real.weights)
    for field in ("kl_pq", "kl_qp", "tv", "entropy_p", "entropy_q", "log_p", "log_q"):
        assert getattr(real, field) == pytest.approx(getattr(view.real, field), abs=1e-9)


@pytest.mark.parametrize("name", MODELS)
def test_identities(name: str) -> None:
    p, q = MODELS[name]()
    view, tv = enumerated(p, q), exact.total_variation(enumerated(p, q))
    assert (exact.forward_kl(view) > 0).all() and (exact.reverse_kl(view) > 0).all()
    assert exact.exposure_bias(view)[0] == pytest.approx(0, abs=1e-12)
    assert (np.diff(tv) >= -1e-12).all() and 0 < tv[-1] < 1


@pytest.mark.parametrize("name", MODELS)
def test_a_generator_that_is_the_oracle_is_at_no_distance(name: str) -> None:
    p, _ = MODELS[name]()
    view = enumerated(p, p)
    curves = (exact.forward_kl, exact.reverse_kl, exact.exposure_bias, exact.exposure_bias_tv, exact.total_variation)
    for curve in curves:
        assert curve(view) == pytest.approx(np.zeros(LENGTH), abs=1e-12)
    assert view.calibration.gap() == pytest.approx(0, abs=1e-12)
    values = {metric.name: metric.read(view).value for metric in _metrics(p)}
    assert values["bayes_accuracy"] == pytest.approx(0.5) and values["tv_half_life"] is None
    assert values["precision"] == pytest.approx(1) and values["recall"] == pytest.approx(1)
    assert values["entropy_gap"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("temperature", [0.5, 0.8, 1.0, 1.2])
def test_the_oracle_at_a_temperature_loses_by_its_distance_from_1(temperature: float) -> None:
    p = lstm(1.0, 3)
    view = enumerated(p, tempered(p, temperature))
    gap = float(exact.forward_kl(view).mean())
    further = enumerated(p, tempered(p, 1 + 1.5 * (temperature - 1)))
    assert gap == pytest.approx(0, abs=1e-12) if temperature == 1 else 0 < gap < exact.forward_kl(further).mean()


def test_precision_falls_and_recall_stays_where_the_generator_makes_more_than_the_oracle() -> None:
    p = lstm(2.0, 4)
    sharp, flat = ({m.name: m.read(enumerated(p, tempered(p, t))).value for m in _metrics(p)} for t in (0.3, 4.0))
    assert sharp["precision"] > sharp["recall"] and flat["precision"] < flat["recall"]


def test_the_half_life_is_interpolated() -> None:
    assert exact.half_life(np.array([0.1, 0.3, 0.7, 0.8])) == pytest.approx(2.5)
    assert exact.half_life(np.array([0.8, 0.9])) == pytest.approx(0.625)
    assert exact.half_life(np.array([0.1, 0.5])) == pytest.approx(2) and exact.half_life(np.array([0.1, 0.4])) is None


def test_a_generator_that_rules_out_what_the_oracle_makes_is_infinitely_far_one_way() -> None:
    p = chain(1)
    q = MarkovChain([torch.tensor([0.5, 0.5, 0, 0], dtype=torch.float64)], LENGTH)
    view = enumerated(p, q)
    assert np.isposinf(exact.forward_kl(view)).all() and np.isfinite(exact.reverse_kl(view)).all()
    assert exact.total_variation(view) == pytest.approx(Loops(p, q).tv(), abs=1e-9)


def test_probabilities_that_do_not_sum_to_1_are_refused() -> None:
    truth = EnumeratedTruth(log_prob(chain(1)), WORDS, LENGTH)
    with pytest.raises(ContractError, match=r"all 64 sequences sum to 8\.0000, not 1"):
        truth.look(Generated(EVERY, lambda rows: np.full(rows.shape, math.log(2 / WORDS))))


def test_without_probabilities_nothing_is_exact() -> None:
    data = _data(EVERY)
    for truth in (EnumeratedTruth(log_prob(chain(1)), WORDS, LENGTH), SampledTruth(next_log_prob(chain(1)), data)):
        scores = [metric.score(Generated(EVERY), data) for metric in exact.exact_metrics(truth)]
        assert all(score == (None, None, {}) for score in scores)


def test_the_models_read_each_prefix_once_for_all_metrics() -> None:
    words, shown = 30, [0]
    p, q, rng = lstm(1.0, 5, words, 6), lstm(0.5, 6, words, 6), torch.Generator().manual_seed(0)
    data = _data(p.sample(40, rng=rng).numpy(), words)

    def counted(rows: np.ndarray) -> torch.Tensor:
        shown[0] += len(rows)
        return q.next_log_prob(torch.from_numpy(rows))

    generated = Generated(q.sample(50, rng=rng).numpy(), None, counted)
    for metric in exact.exact_metrics(SampledTruth(next_log_prob(p), data)):
        metric.score(generated, data)
    assert shown[0] == 40 + 50  # of held-out data, for calibration too, and of samples


@pytest.mark.parametrize("held", [2**20, 3 * 6 * 30])
def test_calibration_of_the_first_sequences_is_that_of_these_alone(held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    words, rng = 30, torch.Generator().manual_seed(0)
    p, q = lstm(1.0, 5, words, 6), lstm(0.5, 6, words, 6)
    rows, weights = p.sample(11, rng=rng).numpy(), np.linspace(1, 2, 11)
    monkeypatch.setattr("bench.toolkit.metrics.prefixes.HELD", held)
    found, some = compare(next_log_prob(p), next_log_prob(q), rows, weights, calibrated=5)
    every, alone = compare(next_log_prob(p), next_log_prob(q), rows[:5], weights[:5])
    _, none = compare(next_log_prob(p), next_log_prob(q), rows, calibrated=0)
    for name in ("count", "sum_q", "sum_p"):
        assert getattr(some, name) == pytest.approx(getattr(alone, name), abs=1e-9)
    assert found.kl_pq[:5] == pytest.approx(every.kl_pq, abs=1e-9) and not none.count.any()
    assert some.count.sum() == pytest.approx(weights[:5].sum() * 6 * words)


def test_an_lstm_oracle_against_an_lstm_in_numpy() -> None:
    words, length = 40, 6
    p, q, rng = lstm(1.0, 7, words, length), lstm(0.7, 8, words, length), torch.Generator().manual_seed(1)
    data, samples = _data(p.sample(30, rng=rng).numpy(), words), q.sample(20, rng=rng).numpy()
    view = SampledTruth(next_log_prob(p), data).look(Generated(samples, None, next_log_prob(q)))
    assert view is not None
    for prefixes, rows in ((view.real, data.test), (view.fake, samples)):
        of_p, of_q = _numpy_lstm(p, rows), _numpy_lstm(q, rows)
        assert prefixes.kl_pq == pytest.approx((of_p * np.log(of_p / of_q)).sum(2), abs=1e-9)
        assert prefixes.kl_qp == pytest.approx((of_q * np.log(of_q / of_p)).sum(2), abs=1e-9)
        assert prefixes.tv == pytest.approx(np.abs(of_p - of_q).sum(2) / 2, abs=1e-9)
        chosen = [np.take_along_axis(model, rows[:, :, None], 2)[:, :, 0] for model in (of_p, of_q)]
        assert prefixes.ratio == pytest.approx(np.log(chosen[1] / chosen[0]).cumsum(1), abs=1e-9)
    by_hand = np.maximum(0, 1 - np.exp(view.real.ratio)).mean(0)
    assert exact.total_variation(view) == pytest.approx(by_hand, abs=1e-12)


def _metrics(p: Any) -> list[Any]:
    return list(exact.exact_metrics(EnumeratedTruth(log_prob(p), WORDS, LENGTH)))


def _data(rows: np.ndarray, words: int = WORDS) -> SequenceData:
    return SequenceData(rows, rows, rows, Vocabulary(tuple(map(str, range(words)))), Source("", "", "", "generated"))


def _numpy_lstm(model: LSTM, rows: np.ndarray) -> FloatArray:
    """Return next-token probabilities, (n, T, V), one step at a time."""
    weights = {name: value.detach().numpy() for name, value in model.named_parameters()}
    hidden = memory = np.zeros((len(rows), 7))
    tokens, found = np.zeros(len(rows), int), []
    for position in range(rows.shape[1]):
        total = weights["embedding.weight"][tokens] @ weights["cell.weight_ih_l0"].T + weights["cell.bias_ih_l0"]
        total = total + hidden @ weights["cell.weight_hh_l0"].T
        i, f, g, o = np.split(total, 4, axis=1)
        memory = memory / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        hidden = np.tanh(memory) / (1 + np.exp(-o))
        mass = np.exp(hidden @ weights["output.weight"].T + weights["output.bias"])
        found.append(mass / mass.sum(1, keepdims=True))
        tokens = rows[:, position]
    return np.stack(found, 1)
