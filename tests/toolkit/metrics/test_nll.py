"""NLL and KL against closed forms: independent tokens whose probabilities are known."""

import numpy as np
import pytest
from scipy.stats import entropy

from bench.contracts.errors import ContractError
from bench.contracts.metric import Generated
from bench.toolkit.metrics.divergence import ForwardKL, ReverseKL, oracle_metrics
from bench.toolkit.metrics.nll import NLLOracle, NLLTest, in_parts, per_sequence_nll, remember

P = np.array([0.5, 0.25, 0.125, 0.125])  # the oracle's unigram
Q = np.array([0.1, 0.2, 0.3, 0.4])  # the generator's


def unigram(probabilities):
    return lambda sequences: np.log(probabilities)[sequences]


@pytest.fixture
def data(make_data):
    rng = np.random.default_rng(0)
    return make_data(rng.choice(4, (10, 5), p=P), test=rng.choice(4, (20_000, 5), p=P))


def test_nll_oracle_is_the_cross_entropy_per_token(data):
    samples = np.random.default_rng(1).choice(4, (20_000, 5), p=Q)
    scores = NLLOracle(unigram(P), data).score(Generated(samples), data)
    assert scores.value == pytest.approx(-(Q * np.log(P)).sum(), abs=0.01)
    expected = [-sum(np.log(P[token]) for token in row) / 5 for row in samples[:50]]
    np.testing.assert_allclose(scores.per_sequence[:50], expected)
    assert scores.value == pytest.approx(scores.per_sequence.mean())


def test_nll_test_judges_the_held_out_data(data):
    scores = NLLTest(data).score(Generated(data.train, unigram(Q)), data)
    assert scores.value == pytest.approx(-(P * np.log(Q)).sum(), abs=0.01)
    assert scores.per_sequence.shape == (20_000,)


def test_divergences_are_scipys_both_ways(data):
    samples = Generated(np.random.default_rng(2).choice(4, (20_000, 5), p=Q), unigram(Q))
    assert ForwardKL(unigram(P), data).score(samples, data).value == pytest.approx(entropy(P, Q), abs=0.01)
    assert ReverseKL(unigram(P), data).score(samples, data).value == pytest.approx(entropy(Q, P), abs=0.01)


def test_the_oracle_does_not_diverge_from_itself(data):
    itself = Generated(data.test, unigram(P))
    for metric in (ForwardKL(unigram(P), data), ReverseKL(unigram(P), data)):
        scores = metric.score(itself, data)
        assert scores.value == 0
        np.testing.assert_array_equal(scores.per_sequence, 0)


def test_divergences_are_the_differences_of_the_columns_beside_them(data):
    samples = Generated(data.train, unigram(Q))
    metrics = {metric.name: metric.score(samples, data).value for metric in oracle_metrics(unigram(P), data)}
    floor = NLLOracle(unigram(P), data).score(Generated(data.test), data).value
    own = per_sequence_nll(unigram(Q), data.train, None).mean()
    assert metrics["forward_kl"] == pytest.approx(metrics["nll_test"] - floor)
    assert metrics["reverse_kl"] == pytest.approx(metrics["nll_oracle"] - own)


def test_without_probabilities_all_but_nll_oracle_are_undefined(data):
    values = {m.name: m.score(Generated(data.train), data).value for m in oracle_metrics(unigram(P), data)}
    assert values.pop("nll_oracle") is not None
    assert values == {"nll_test": None, "forward_kl": None, "reverse_kl": None}


def test_no_samples_is_undefined(data):
    assert NLLOracle(unigram(P), data).score(Generated(data.train[:0]), data).value is None


def test_tokens_count_up_to_and_including_the_end():
    rows = np.array([[1, 2, 0, 3, 3], [0, 3, 3, 3, 3], [1, 1, 1, 1, 1]])
    nll = per_sequence_nll(unigram(P), rows, end=0)
    np.testing.assert_allclose(nll, [-np.log([P[1], P[2], P[0]]).mean(), -np.log(P[0]), -np.log(P[1])])


def test_signatures_name_the_test_set(data):
    signatures = [metric.signature() for metric in oracle_metrics(unigram(P), data)]
    assert signatures == [
        "nll_oracle|per:token|log:e",
        "nll_test|test:20000|per:token|log:e",
        "forward_kl|test:20000|per:token|log:e",
        "reverse_kl|per:token|log:e",
    ]


def test_signatures_say_that_sequences_of_varying_length_weigh_the_same(make_data):
    rows = np.array([[1, 2, 3, 0], [2, 0, 0, 0]])
    varying = make_data(rows, test=rows, end=0)
    signatures = [metric.signature() for metric in oracle_metrics(unigram(P), varying)]
    assert signatures == [
        "nll_oracle|per:token|avg:sequence-means|log:e",
        "nll_test|test:2|per:token|avg:sequence-means|log:e",
        "forward_kl|test:2|per:token|avg:sequence-means|log:e",
        "reverse_kl|per:token|avg:sequence-means|log:e",
    ]
    of_tokens = -np.log(P[[1, 2, 3, 0, 2, 0]])
    value = NLLTest(varying).score(Generated(rows, unigram(P)), varying).value
    assert value == pytest.approx((of_tokens[:4].mean() + of_tokens[4:].mean()) / 2) != of_tokens.mean()


@pytest.mark.parametrize(
    ("answer", "message"),
    [(np.zeros((2, 2)), "shape"), (np.full((2, 3), np.nan), "NaN"), (np.full((2, 3), 0.5), "above 0")],
)
def test_a_broken_log_prob_is_named(answer, message):
    with pytest.raises(ContractError, match=message):
        per_sequence_nll(lambda _: answer, np.ones((2, 3), np.int64), None)


def test_what_follows_the_end_may_hold_anything():
    answer = np.array([[-1.0, -3.0, np.nan]])
    np.testing.assert_allclose(per_sequence_nll(lambda _: answer, np.array([[5, 0, 0]]), end=0), [2])


def counting(log_prob):
    asked = []

    def counted(sequences):
        asked.append(sequences)
        return log_prob(sequences)

    return counted, asked


def test_remember_asks_once_for_each_of_the_last_arrays():
    log_prob, asked = counting(lambda sequences: -sequences.astype(float))
    recall = remember(log_prob, keep=2)
    first, second, third = (np.full((2, 2), i) for i in range(3))
    for rows in (first, second, first, second):
        np.testing.assert_array_equal(recall(rows), -rows)
    assert len(asked) == 2
    recall(third), recall(first)
    assert len(asked) == 4, "the one used longest ago is let go"


def test_the_oracle_reads_each_samples_once_and_the_test_split_once_for_all(data):
    oracle, asked = counting(unigram(P))
    metrics = oracle_metrics(oracle, data)
    for seed in range(4):
        samples = Generated(np.random.default_rng(seed).choice(4, (10, 5)), unigram(Q))
        for metric in metrics:
            metric.score(samples, data)
    of_test = [len(rows) for rows in asked if np.shares_memory(rows, data.test)]
    assert sum(of_test) == len(data.test)
    assert len(asked) == len(of_test) + 4


@pytest.mark.parametrize("count", [0, 3, 4, 9])
def test_an_oracle_reads_few_rows_at_a_time(count):
    log_prob, asked = counting(lambda sequences: -sequences.astype(float))
    rows = np.arange(2 * count).reshape(count, 2)
    np.testing.assert_array_equal(in_parts(log_prob, 4)(rows), -rows)
    assert all(len(part) <= 4 for part in asked) and sum(map(len, asked)) == count
