import numpy as np
import pytest

from bench.contracts.metric import Generated
from bench.toolkit.metrics import mse
from bench.toolkit.metrics.mse import mse_metrics


@pytest.fixture
def case(make_data):
    rng = np.random.default_rng(0)
    data = make_data(rng.integers(0, 88, (70, 6)))
    return data, Generated(rng.integers(0, 88, (25, 6)))


def test_mse_equals_plain_loops(case):
    data, samples = case
    means = [sum(row[t] for row in data.train.tolist()) / 70 for t in range(6)]
    expected = [sum((row[t] - means[t]) ** 2 for t in range(6)) / 6 for row in samples.sequences.tolist()]
    scores = mse_metrics(data)[0].score(samples, data)
    np.testing.assert_allclose(scores.per_sequence, expected)
    assert scores.value == pytest.approx(sum(expected) / 25)


def test_mse_nearest_equals_plain_loops_over_several_chunks(case, monkeypatch):
    monkeypatch.setattr(mse, "CHUNK", 10)
    data, samples = case
    expected = [
        min(sum((a - b) ** 2 for a, b in zip(row, other, strict=True)) / 6 for other in data.train.tolist())
        for row in samples.sequences.tolist()
    ]
    scores = mse_metrics(data)[1].score(samples, data)
    np.testing.assert_array_equal(scores.per_sequence, expected)
    assert scores.value == pytest.approx(sum(expected) / 25)


def test_a_copy_of_the_training_data_is_at_no_distance(case):
    data, _ = case
    assert mse_metrics(data)[1].score(Generated(data.train), data).value == 0


def test_collapse_to_the_mean_scores_below_real_data(case):
    data, _ = case
    metric = mse_metrics(data)[0]
    real = metric.score(Generated(data.train), data).value
    collapsed = metric.score(Generated(np.full((5, 6), data.train.mean(), np.int64)), data).value
    assert collapsed < real


def test_names_signatures_and_no_samples(case):
    data, _ = case
    metrics = mse_metrics(data)
    assert [m.signature() for m in metrics] == ["mse|refs:70|to:mean", "mse_nearest|refs:70|to:nearest"]
    assert all(m.score(Generated(data.train[:0]), data).value is None for m in metrics)
