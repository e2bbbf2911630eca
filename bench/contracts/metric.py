"""The metric contract: a number, how it was made, and what it was made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.visible import visible

if TYPE_CHECKING:
    from torch import Tensor

FloatArray = NDArray[np.float64]
Better = Literal["lower", "higher"]
Bound = Literal["lower", "upper"]
UnknownWords = Literal["miss", "error", "undefined"]
"""What a metric does with samples that hold words outside the vocabulary.

"miss": the metric judges them; such a word has an id of its own, len(vocabulary) or more, and equals no training token.
"error": the samples are refused, with the first such word. "undefined": the metric has no value.
"""


class Generated(NamedTuple):
    """The samples that are judged, (n, T) token ids, and the generator's probabilities of any (m, T) ids.

    `log_prob` returns (m, T) log-probabilities. `next_log_prob` returns those of every token at each position, (m, T,
    V) on the CPU; a metric asks it for few rows at a time.
    """

    sequences: TokenArray
    log_prob: Callable[[TokenArray], FloatArray] | None = None
    next_log_prob: Callable[[TokenArray], Tensor] | None = None


Profile = Sequence[float | None]
"""Values along a scale, from step 1 on: by position, or by group; None if undefined."""


class Scores(NamedTuple):
    """What a metric returns: its value, None if undefined, and the (n,) scores whose mean it is, if there are any.

    `profiles` are for figures only: name -> values by position.
    """

    value: float | None
    per_sequence: FloatArray | None = None
    profiles: Mapping[str, Profile] = {}

    @classmethod
    def mean_of(cls, per_sequence: FloatArray) -> Scores:
        """Return the mean of (n,) scores, and the scores; undefined if there is no sequence."""
        return cls(float(per_sequence.mean()), per_sequence) if len(per_sequence) else cls(None)


@dataclass(frozen=True, kw_only=True)
class Score:
    """A metric's value in one evaluation, None if it is undefined, and how it was made.

    Only values of equal `signature` are compared. `bound` is "lower" or "upper" if the value is a bound of the true
    quantity, None if it is exact.
    """

    value: float | None
    better: Better
    signature: str
    bound: Bound | None = None


class Metric(Protocol):
    """`name` is its column; `better` says which way is up.

    A metric may also say `unknown_words: ClassVar[UnknownWords]`, by default "undefined", and `bound: ClassVar[Bound]`
    if its value is a bound, as a variational bound of a likelihood is. With `only_final` true it judges finished
    generators, and has no learning curve unless it is the headline.
    """

    name: str
    better: ClassVar[Better]

    def signature(self) -> str:
        """Return how the number is made, as sacreBLEU does: "bleu-2|refs:16394|split:train|smooth:method1|avg:mean"."""
        ...

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return the scores of the samples; per_sequence is kept so that any test can be recomputed."""
        ...


def signature_of(metric: Metric) -> str:
    """Return the metric's own part of a signature, with unseen characters as escapes."""
    return visible(metric.signature())


def unknown_words(metric: Metric) -> UnknownWords:
    """Return what the metric does with words outside the vocabulary; "undefined", which is safe, by default."""
    said: UnknownWords = getattr(metric, "unknown_words", "undefined")
    return said


def bound_of(metric: Metric) -> Bound | None:
    """Return whether the metric's value is a "lower" or an "upper" bound; None, exact, by default."""
    said: Bound | None = getattr(metric, "bound", None)
    return said


def only_final(metric: Metric) -> bool:
    """Return whether the metric is left out of learning curves, because it takes long."""
    return bool(getattr(metric, "only_final", False))
