"""The metric contract: a number, how it was made, and what it was made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from bench.contracts.data import SequenceData, TokenArray

FloatArray = NDArray[np.float64]
Better = Literal["lower", "higher"]
UnknownWords = Literal["miss", "error", "undefined"]
"""What samples with words outside the vocabulary are to a metric.

"miss": the metric judges them; such a word has an id of its own from len(vocabulary) on, and equals no training token.
"error": the samples are refused, and the first such word is named. "undefined": the metric is not asked, and has no
value.
"""


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
    """`name` is its column; `better` says which way is up.

    A metric may also say `unknown_words: ClassVar[UnknownWords]`; "undefined" where it does not.
    """

    name: str
    better: ClassVar[Better]

    def signature(self) -> str:
        """How the number is made, in sacreBLEU's manner: "bleu-2|refs:16394|split:train|smooth:method1|avg:mean"."""
        ...

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Judge the samples; per_sequence is kept so that any test can be recomputed."""
        ...


def unknown_words(metric: Metric) -> UnknownWords:
    """What words outside the vocabulary are to the metric; "undefined" where it does not say, for then none is safe."""
    said: UnknownWords = getattr(metric, "unknown_words", "undefined")
    return said
