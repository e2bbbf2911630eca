"""Compare Self-BLEU with nltk, called once per sequence with all others as references."""

import warnings

import numpy as np
import pytest

from bench.contracts.errors import BenchError
from bench.contracts.metric import Generated
from bench.toolkit.metrics.self_bleu import self_bleu_metrics, self_statistics

ORDERS = (1, 2, 3, 4, 5)


def slow_self_bleu(rows, smoothing):
    """Return Self-BLEU, (n, 5), by leaving each row out in turn."""
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

    weights = [(1 / order,) * order for order in ORDERS]
    smooth = SmoothingFunction().method1 if smoothing == "method1" else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = [
            sentence_bleu(rows[:i] + rows[i + 1 :], row, weights, smoothing_function=smooth)
            for i, row in enumerate(rows)
        ]
    return np.array(scores)


@pytest.mark.parametrize("smoothing", ["none", "method1"])
@pytest.mark.parametrize("seed", range(5))
def test_equals_leaving_each_sequence_out(seed, smoothing):
    rng = np.random.default_rng(seed)
    for _ in range(50):
        count, words, length = rng.integers(2, 8), rng.integers(1, 6), rng.integers(1, 10)
        array = rng.integers(0, words + 1, (count, length))
        end = 0 if rng.random() < 0.7 else None
        rows = [row[: row.index(0)] if end == 0 and 0 in row else row for row in array.tolist()]
        expected = slow_self_bleu(rows, smoothing)
        statistics = self_statistics(array, end=end)
        for order in ORDERS:
            scores = statistics.sentence_scores(order, smoothing)
            np.testing.assert_allclose(scores, expected[:, order - 1], rtol=1e-12)


def test_a_repeated_sequence_matches_its_copy_and_a_strange_one_nothing():
    scores = self_statistics(np.array([[1, 2, 3], [1, 2, 3], [7, 8, 9]])).sentence_scores(3)
    np.testing.assert_allclose(scores, [1, 1, 0])


def test_one_sequence_has_no_references():
    with pytest.raises(BenchError, match="two sequences"):
        self_statistics(np.array([[1, 2, 3]]))


def test_metrics_leave_one_sample_undefined_and_call_lower_better(make_data):
    data = make_data(np.array([[1, 2, 3, 0]]), end=0)
    metrics = self_bleu_metrics(data)
    assert [m.name for m in metrics] == [f"self-bleu-{n}" for n in (2, 3, 4, 5)]
    assert {m.better for m in metrics} == {"lower"}
    assert metrics[0].signature() == "self-bleu-2|refs:others|smooth:method1|avg:mean"
    assert metrics[0].score(Generated(data.train), data).value is None
    scores = metrics[0].score(Generated(np.array([[1, 2, 0, 5], [1, 2, 0, 6]])), data)
    assert scores.value == 1, "what follows the end token does not count"
    np.testing.assert_array_equal(scores.per_sequence, [1, 1])
