from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest
import torch

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.metric import Generated

FRESH = {"parameters": "fresh", "train": 640, "valid": 1_000, "test": 1_000}


def nll(opened: Opened, sequences: np.ndarray) -> float:
    headline = opened.dataset.metrics(opened.data)[0]
    assert headline.name == "nll_oracle"
    return float(headline.score(Generated(sequences), opened.data).value)


def uniform(opened: Opened) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 5_000, opened.data.valid.shape)


def unigram(opened: Opened) -> np.ndarray:
    return np.random.default_rng(0).choice(opened.data.train.ravel(), opened.data.valid.shape)


@pytest.mark.parametrize("length", [20, 40])
def test_a_fresh_oracle(sample: Callable[..., Opened], length: int) -> None:
    found = sample("oracle", length=length, **FRESH)
    dataset, data = found
    assert data.source.kind == "generated" and data.train.shape == (640, length) and len(data.vocabulary) == 5_000
    assert 5.6 < nll(found, data.valid) < 6.2
    assert 11.0 < nll(found, uniform(found)) < 11.6
    real = dataset.real(data).sample(500, rng=torch.Generator().manual_seed(1)).numpy()
    assert nll(found, real) == pytest.approx(nll(found, data.valid), abs=0.1)


def test_the_seed_makes_the_oracle(sample: Callable[..., Opened]) -> None:
    first, again, other = (sample("oracle", seed=seed, **FRESH).data for seed in (0, 0, 1))
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert first.source.sha256 != other.source.sha256


def test_in_place_of_the_published_one_it_is_a_sample(sample: Callable[..., Opened]) -> None:
    published, fresh = (sample("oracle", **{**FRESH, "parameters": kind}).data for kind in ("published", "fresh"))
    assert (published.source.kind, fresh.source.kind) == ("sample", "generated")
    assert published.source.sha256 == fresh.source.sha256


def test_the_number_of_threads_changes_nothing(sample: Callable[..., Opened], monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.toolkit.corpora import prepared

    monkeypatch.setattr(prepared, "_folders", lambda corpora: ())
    fingerprints = set()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        fingerprints.add(sample("oracle", **FRESH).data.fingerprint)
        assert torch.get_num_threads() == threads
    assert len(fingerprints) == 1


def test_rounding_changes_nothing(sample: Callable[..., Opened], monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.toolkit.corpora import prepared
    from bench.toolkit.models import softmax

    monkeypatch.setattr(prepared, "_folders", lambda corpora: ())
    first = sample("oracle", **FRESH).data.fingerprint
    monkeypatch.setattr(softmax, "_LOGITS_ON_CPU", 2**17)
    monkeypatch.setattr(softmax, "_SAFE", 0.0)
    assert sample("oracle", **FRESH).data.fingerprint == first


@pytest.mark.parametrize(
    "content",
    [b"", pickle.dumps([np.zeros((2, 2), "f4")] * 15), pickle.dumps([np.zeros((5_000, 32), "f4")] * 3)],
)
def test_a_file_that_is_no_oracle_is_refused(own: Callable[..., Opened], content: bytes) -> None:
    with pytest.raises(BenchError, match=r"^own\.txt is not"):
        own("oracle", content)


@pytest.mark.corpus
def test_the_authors_oracle(published: Callable[..., Opened]) -> None:
    found = published("oracle", "oracle/target_params_py3.pkl", valid=4_000, test=100)
    data = found.data
    assert data.source.kind == "published" and data.train.shape == (9_984, 20)
    assert nll(found, data.valid) == pytest.approx(5.75, abs=0.02)
    assert nll(found, uniform(found)) == pytest.approx(11.43, abs=0.03)
    assert nll(found, unigram(found)) == pytest.approx(10.29, abs=0.03)
