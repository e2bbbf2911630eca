"""The comparison of an oracle with a generator, made once an evaluation for all exact metrics."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.errors import ContractError
from bench.contracts.metric import FloatArray, Generated
from bench.toolkit.metrics.nll import LogProb
from bench.toolkit.metrics.prefixes import Calibration, Conditionals, Prefixes, compare
from bench.toolkit.models.markov import MarkovChain

CALIBRATED = 500
"""Sequences that calibration counts if prefixes are sampled: each has T * V tokens."""
CHEAP = 5_000
"""The most enumerated sequences that are compared within a moment, so that learning curves may show the result."""


@dataclass(frozen=True)
class View:
    """The values of p and q on prefixes from p (`real`) and from q (`fake`), and q's calibration on those from p.

    `sampled` is False if the prefixes are all possible ones.
    """

    real: Prefixes
    fake: Prefixes
    calibration: Calibration
    sampled: bool


class Truth(Protocol):
    """A known oracle, as the exact metrics use it."""

    @property
    def only_final(self) -> bool:
        """True if a comparison takes too long for learning curves."""
        ...

    def signature(self) -> str:
        """Return the part of a signature that says which prefixes are averaged over."""
        ...

    def look(self, generated: Generated) -> View | None:
        """Return the comparison with a generator; None if the generator gives too few probabilities."""
        ...


class SampledTruth:
    """An oracle p, compared on the prefixes of held-out data, which it drew, and of the generator's samples."""

    only_final = True

    def __init__(self, p: Conditionals, data: SequenceData) -> None:
        self._p, self._test = p, data.test
        self._seen: tuple[Generated, View] | None = None

    def signature(self) -> str:
        """Return the number of held-out sequences; the samples are counted as hyps."""
        return f"prefixes:test-{len(self._test)}|sum:exact"

    def look(self, generated: Generated) -> View | None:
        """Return the comparison; it is cached for the latest Generated, so both models read all prefixes once."""
        q = generated.next_log_prob
        if q is None:
            return None
        if self._seen is None or self._seen[0] is not generated:
            real, groups = compare(self._p, q, self._test, calibrated=CALIBRATED)
            fake, _ = compare(self._p, q, generated.sequences, calibrated=0)
            self._seen = generated, View(real, fake, groups, sampled=True)
        return self._seen[1]


class EnumeratedTruth:
    """An oracle over few sequences, V ** T: all are compared, each weighted by its probability.

    `p` gives (n, T) log-probabilities. A generator needs log_prob only: all conditional probabilities follow from those
    of all sequences.
    """

    def __init__(self, p: LogProb, words: int, length: int) -> None:
        self._log_prob, self._shape = p, (words,) * length
        self.every: TokenArray = np.array(list(itertools.product(range(words), repeat=length)), np.int64)
        self._seen: tuple[Generated, View] | None = None

    @property
    def only_final(self) -> bool:
        """True if there are too many sequences for learning curves."""
        return len(self.every) > CHEAP

    @cached_property
    def p(self) -> FloatArray:
        """(V ** T,) probability of every sequence under the oracle."""
        return _probabilities(self._log_prob, self.every)

    def signature(self) -> str:
        """Return how many sequences there are."""
        return f"prefixes:all-of-{len(self.every)}|sum:exact"

    def look(self, generated: Generated) -> View | None:
        """Return every prefix, weighted by p and by q; the result is cached for the latest Generated."""
        if generated.log_prob is None:
            return None
        if self._seen is None or self._seen[0] is not generated:
            weights = _probabilities(generated.log_prob, self.every)
            p, q = self._conditionals(self.p), self._conditionals(weights)
            real, groups = compare(p, q, self.every, self.p)
            self._seen = generated, View(real, replace(real, weights=weights), groups, sampled=False)
        return self._seen[1]

    def _conditionals(self, joint: FloatArray) -> Callable[[TokenArray], Tensor]:
        chain = MarkovChain.of_joint(torch.from_numpy(joint).view(self._shape))
        return lambda sequences: chain.next_log_prob(torch.from_numpy(sequences))


def _probabilities(log_prob: LogProb, every: TokenArray) -> FloatArray:
    """Return (n,) probability of each possible sequence, scaled to the sum 1; ContractError if it is far from 1."""
    found: FloatArray = np.exp(np.asarray(log_prob(every), np.float64).sum(1))
    total = float(found.sum())
    if not abs(total - 1) < 1e-3:
        raise ContractError(f"log_prob: the probabilities of all {len(every)} sequences sum to {total:.4f}, not 1")
    return found / total
