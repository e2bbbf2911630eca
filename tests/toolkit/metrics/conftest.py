from collections.abc import Callable

import numpy as np
import pytest

from bench.contracts.data import SequenceData, Source, TokenArray
from bench.contracts.vocabulary import Vocabulary


@pytest.fixture
def make_data() -> Callable[..., SequenceData]:
    """Return SequenceData with the given splits; the others are empty."""

    def make(
        train: TokenArray, valid: TokenArray | None = None, test: TokenArray | None = None, end: int | None = None
    ):
        train = np.asarray(train)
        empty = np.empty((0, train.shape[1]), np.int64)
        tokens = tuple(str(i) for i in range(100))
        return SequenceData(
            train=train,
            valid=empty if valid is None else np.asarray(valid),
            test=empty if test is None else np.asarray(test),
            vocabulary=Vocabulary(tokens, end=end),
            source=Source("test", "", "none", "generated"),
        )

    return make
