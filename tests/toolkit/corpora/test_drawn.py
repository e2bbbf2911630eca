"""Data drawn from a known distribution: independent splits, signed by the oracle's parameters."""

from __future__ import annotations

import hashlib

import numpy as np
import torch

from bench.toolkit.corpora.drawn import drawn, generated_source
from bench.toolkit.models.unigram import Unigram

P = torch.full((6,), 1 / 6, dtype=torch.float64)
SOURCE = generated_source("six words", [P])


def test_splits_have_their_sizes_and_depend_on_the_seed_and_the_oracle() -> None:
    data = drawn(Unigram(P, 8), 6, (50, 30, 20), SOURCE, 0)
    assert [len(split) for split in (data.train, data.valid, data.test)] == [50, 30, 20] and data.train.shape[1] == 8
    assert data.vocabulary.tokens == tuple("012345") and data.notes == ()
    assert np.array_equal(data.train, drawn(Unigram(P, 8), 6, (50, 30, 20), SOURCE, 0).train)
    assert not np.array_equal(data.train, drawn(Unigram(P, 8), 6, (50, 30, 20), SOURCE, 1).train)
    other = generated_source("six words", [P + 1])
    assert not np.array_equal(data.train, drawn(Unigram(P, 8), 6, (50, 30, 20), other, 0).train)


def test_shared_rows_are_told() -> None:
    data = drawn(Unigram(P, 1), 6, (60, 10, 4), SOURCE, 0)
    assert set(data.train[:, 0]) == set(range(6))
    assert data.notes == (
        "the splits are independent draws from the oracle: "
        "100.0% of the valid rows and 100.0% of the test rows also occur in training",
    )


def test_the_source_is_signed_by_the_parameters_in_double_precision() -> None:
    assert SOURCE.sha256 == hashlib.sha256(np.full(6, 1 / 6).tobytes()).hexdigest() and SOURCE.kind == "generated"
    assert generated_source("x", [torch.ones(2)]) == generated_source("x", [torch.ones(2, dtype=torch.float64)])
    assert generated_source("x", [P]) != generated_source("x", [P.flip(0) + 1e-12])
