"""A toy grammar that a model learns in seconds: on a ring, i+1 (mostly) or i+2 follows token i."""

import numpy as np
import pytest

from bench.contracts.data import SequenceData, Source, TokenArray
from bench.contracts.vocabulary import Vocabulary

SIZE, LENGTH = 8, 6
STAY = 0.8


def draw(count: int, seed: int, end: int | None) -> TokenArray:
    rng = np.random.default_rng(seed)
    steps = np.where(rng.random((count, LENGTH - 1)) < STAY, 1, 2)
    first = rng.integers(1, SIZE, (count, 1))
    rows = np.concatenate([first, first + steps.cumsum(1)], 1) % SIZE
    if end is not None:
        rows[(np.cumsum(rows == end, 1) > 0)] = end
    return rows.astype(np.int64)


def toy(end: int | None = None) -> SequenceData:
    words = Vocabulary(tuple("abcdefgh"), end=end)
    return SequenceData(
        draw(200, 0, end), draw(50, 1, end), draw(50, 2, end), words, Source("toy", "", "none", "generated")
    )


@pytest.fixture(scope="session")
def data() -> SequenceData:
    return toy()


@pytest.fixture(scope="session", params=[None, 0], ids=["fixed-length", "with-end"])
def either_data(request: pytest.FixtureRequest) -> SequenceData:
    return toy(request.param)
