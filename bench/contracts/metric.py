"""The metric contract: a number, how it was made, and what it was made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from bench.contracts.data import SequenceData, TokenArray

FloatArray = NDArray[np.float64]
Better = Literal["lower", "higher"]
Bound = Literal["lower", "upper"]
UnknownWords = Literal["miss", "error", "undefined"]
"""What samples with words outside the vocabulary are to a metric.

"miss": the metric judges them; such a word has an id of its own from len(vocabulary) on, and equals no training token.
"error": the samples are refused, and the first such word is named. "undefined": the metric is not asked, and has no
value.
"""


class Generated(NamedTuple):
    """What is judged: (n, T) token ids, and the maker's log_prob: (m, T) ids of any sequences -> (m, T) floats."""

    sequences: TokenArray
    log_prob: Callable[[TokenArray], FloatArray] | None = None


class Scores(NamedTuple):
    """What a metric returns: its value, None if undefined, and the (n,) scores whose mean it is, if there are such."""

    value: float | None
    per_sequence: FloatArray | None = None

    @classmethod
    def mean_of(cls, per_sequence: FloatArray) -> Scores:
        """Return the mean of (n,) scores, and the scores; undefined if there is no sequence."""
        return cls(float(per_sequence.mean()), per_sequence) if len(per_sequence) else cls(None)


@dataclass(frozen=True, kw_only=True)
class Score:
    """A metric's value in one evaluation, None if it is undefined, and how it was made.

    Only values of equal `signature` are compared. `bound` says that the value is a lower or an upper bound of what the
    metric is about, None that it is exact.
    """

    value: float | None
    better: Better
    signature: str
    bound: Bound | None = None


class Metric(Protocol):
    """`name` is its column; `better` says which way is up.

    A metric may also say `unknown_words: ClassVar[UnknownWords]`, by default "undefined", and `bound: ClassVar[Bound]`
    if its value is a bound, as a variational bound of a likelihood is.
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
    """Return what words outside the vocabulary are to the metric; "undefined", which is safe, if it does not say."""
    said: UnknownWords = getattr(metric, "unknown_words", "undefined")
    return said


def bound_of(metric: Metric) -> Bound | None:
    """Return which bound the metric's value is; None if it does not say, and so is exact."""
    said: Bound | None = getattr(metric, "bound", None)
    return said
