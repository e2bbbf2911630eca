"""Every shipped corpus works offline, on the sample that the code makes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from bench.contracts.dataset import Opened
from bench.contracts.lengths import live
from bench.contracts.metric import Generated

CORPORA = {"poems": "bleu-2", "obama": "bleu-3", "nottingham": "bleu-4", "coco": "bleu-2"}


@pytest.mark.parametrize("name", CORPORA)
def test_the_sample_is_data_like_any_other(sample: Callable[..., Opened], name: str) -> None:
    data = sample(name).data
    words, splits = data.vocabulary, (data.train, data.valid, data.test)
    assert data.source.kind == "sample" and data.source.file == f"sample of {name}"
    assert len(data.train) > 500 and min(len(data.valid), len(data.test)) >= 100
    assert words.start == 0 and len(set(words.tokens)) == len(words)
    rows = [{row.tobytes() for row in split} for split in splits]
    assert not (rows[0] & rows[1] or rows[0] & rows[2] or rows[1] & rows[2])
    for split in splits:
        assert split.dtype == np.int64 and split.shape[1] == data.length
        assert split.min() >= 0 and split.max() < len(words)
        if words.end is not None:
            assert np.array_equal(split, np.where(live(split, words.end), split, words.end))


@pytest.mark.parametrize(("name", "headline"), CORPORA.items())
def test_the_headline_comes_first_and_real_beats_shuffled(
    sample: Callable[..., Opened], name: str, headline: str
) -> None:
    dataset, data = sample(name)
    metrics = {metric.name: metric for metric in dataset.metrics(data)}
    assert next(iter(metrics)) == headline
    real = dataset.real(data).sample(100, rng=torch.Generator()).numpy()
    shuffled = np.random.default_rng(0).permuted(real, axis=1)
    better, worse = (metrics[headline].score(Generated(rows), data).value for rows in (real, shuffled))
    assert better is not None and worse is not None and better > worse + 0.1


@pytest.mark.parametrize("name", [name for name in CORPORA if name != "nottingham"])  # split by its files' numbers
def test_another_seed_is_another_split(sample: Callable[..., Opened], name: str) -> None:
    assert sample(name).data.fingerprint != sample(name, seed=1).data.fingerprint
