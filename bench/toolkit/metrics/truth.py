"""The comparison of an oracle with a generator, made once an evaluation and shared by all exact metrics."""

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
"""Sequences that calibration looks at where they are sampled: each has T * V tokens to count."""
CHEAP = 5_000
"""As many enumerated sequences are compared in a moment, so learning curves may show the result."""


@dataclass(frozen=True)
class View:
    """p and q after prefixes that p makes (`real`) and after those that q makes (`fake`), and q's calibration on p's.

    `sampled` is False if the prefixes are all there are.
    """

    real: Prefixes
    fake: Prefixes
    calibration: Calibration
    sampled: bool


class Truth(Protocol):
    """A known oracle, as the exact metrics ask it."""

    @property
    def only_final(self) -> bool:
        """Whether to look takes so long that learning curves go without it."""
        ...

    def signature(self) -> str:
        """Return the part of a signature that says which prefixes are averaged over."""
        ...

    def look(self, generated: Generated) -> View | None:
        """Return the oracle beside a generator; None if that does not tell enough of its probabilities."""
        ...


class SampledTruth:
    """An oracle p seen after the prefixes of held-out data, which it drew, and of the generator's samples."""

    only_final = True

    def __init__(self, p: Conditionals, data: SequenceData) -> None:
        self._p, self._test = p, data.test
        self._seen: tuple[Generated, View] | None = None

    def signature(self) -> str:
        """Return how many held-out sequences gave prefixes; those of the generator are counted as hyps."""
        return f"prefixes:test-{len(self._test)}|sum:exact"

    def look(self, generated: Generated) -> View | None:
        """Both models read all prefixes once; the answer is kept while the same Generated is asked about."""
        q = generated.next_log_prob
        if q is None:
            return None
        if self._seen is None or self._seen[0] is not generated:
            real, groups = compare(self._p, q, self._test, calibrated=CALIBRATED)
            fake, _ = compare(self._p, q, generated.sequences, calibrated=0)
            self._seen = generated, View(real, fake, groups, sampled=True)
        return self._seen[1]


class EnumeratedTruth:
    """An oracle over so few sequences, V ** T, that all are compared, each weighted by its probability.

    `p` gives (n, T) log-probabilities. A generator needs log_prob only: its probabilities of all sequences make all its
    conditional ones.
    """

    def __init__(self, p: LogProb, words: int, length: int) -> None:
        self._log_prob, self._shape = p, (words,) * length
        self.every: TokenArray = np.array(list(itertools.product(range(words), repeat=length)), np.int64)
        self._seen: tuple[Generated, View] | None = None

    @property
    def only_final(self) -> bool:
        """Whether there are so many sequences that to look takes long."""
        return len(self.every) > CHEAP

    @cached_property
    def p(self) -> FloatArray:
        """(V ** T,) the oracle's probability of every sequence."""
        return _probabilities(self._log_prob, self.every)

    def signature(self) -> str:
        """Return how many sequences there are."""
        return f"prefixes:all-of-{len(self.every)}|sum:exact"

    def look(self, generated: Generated) -> View | None:
        """Return every prefix, weighted by p and by q; the answer is kept while the same Generated is asked about."""
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
    """Return (n,) probability of each of all sequences, summing to 1; ContractError if they are far from it."""
    found: FloatArray = np.exp(np.asarray(log_prob(every), np.float64).sum(1))
    total = float(found.sum())
    if not abs(total - 1) < 1e-3:
        raise ContractError(f"log_prob: the probabilities of all {len(every)} sequences sum to {total:.4f}, not 1")
    return found / total
