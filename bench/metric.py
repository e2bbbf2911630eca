"""The metric contract: a number, how it was made, and what it was made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from bench.data import SequenceData, TokenArray

FloatArray = NDArray[np.float64]
Better = Literal["lower", "higher"]


class Generated(NamedTuple):
    """What is judged: (n, T) token ids, and the (n, T) log-probabilities that their maker gives to any sequences."""

    sequences: TokenArray
    log_prob: Callable[[TokenArray], FloatArray] | None = None


class Scores(NamedTuple):
    """A metric's value, None where it is undefined, and the (n,) scores it is the mean of, where such exist."""

    value: float | None
    per_sequence: FloatArray | None = None

    @classmethod
    def mean_of(cls, per_sequence: FloatArray) -> Scores:
        """The mean of (n,) scores, and the scores; undefined where there is no sequence."""
        return cls(float(per_sequence.mean()), per_sequence) if len(per_sequence) else cls(None)


class Metric(Protocol):
    """`name` is its column; `better` says which way is up."""

    name: str
    better: ClassVar[Better]

    def signature(self) -> str:
        """How the number is made, in sacreBLEU's manner: "bleu-2|refs:16394|split:train|smooth:method1|avg:mean"."""
        ...

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Judge the samples; per_sequence is kept so that any test can be recomputed."""
        ...
