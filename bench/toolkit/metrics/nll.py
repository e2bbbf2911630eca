"""Negative log-likelihood per token, in nats: of the samples under the oracle, of held-out data under the generator.

NLL_oracle is equation 13 of the SeqGAN paper divided by T, like the published figures. If lengths vary, tokens count up
to and including the first end token. A sequence's score is the mean over its tokens, and the value is the mean over
sequences: a long sequence weighs no more than a short one, and per-sequence scores average to the value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.guards.generator import check_log_probabilities, checked_log_prob
from bench.contracts.lengths import live
from bench.contracts.metric import Better, FloatArray, Generated, Scores, UnknownWords

LogProb = Callable[[TokenArray], FloatArray]
OF_MEANS = "avg:sequence-means"
"""The part of a signature that says that sequences of different length have the same weight."""
ROWS = 10_000
"""Sequences that an oracle reads at once, as many as an official evaluation has. Its states are most of the memory."""


def unit(data: SequenceData) -> str:
    """Return the part of a signature with the unit, nats a token, and how sequences of varying length are averaged."""
    varying = data.vocabulary.end is not None
    return f"per:token|{OF_MEANS}|log:e" if varying else "per:token|log:e"


def per_sequence_nll(log_prob: LogProb, sequences: TokenArray, end: int | None) -> FloatArray:
    """Return the (n,) means of -log p over each sequence's tokens, in nats.

    ContractError if the (n, T) answer of `log_prob` has another shape, or a token that counts has NaN or a
    log-probability above 0.
    """
    log_p = checked_log_prob(log_prob(sequences), sequences)
    counted = live(sequences, end)
    log_p = np.where(counted, log_p, 0.0)
    check_log_probabilities(log_p)
    nll: FloatArray = -log_p.sum(1) / counted.sum(1)
    return nll


def remember(log_prob: LogProb, keep: int = 3) -> LogProb:
    """Return the same function with a cache of its answers for the latest `keep` arrays.

    NLL and KL ask for the same log-probabilities. Arrays are recognised by identity and must not be written into. The
    model behind `log_prob` must not change, so wrap a generator anew for each evaluation. Three are enough: the test
    split, which every evaluation asks for, stays while the samples of one evaluation follow those of another.
    """
    answers: list[tuple[TokenArray, FloatArray]] = []  # the last used at the end

    def remembered(sequences: TokenArray) -> FloatArray:
        known = next((i for i, (shown, _) in enumerate(answers) if shown is sequences), None)
        answers.append((sequences, log_prob(sequences)) if known is None else answers.pop(known))
        del answers[:-keep]
        return answers[-1][1]

    return remembered


def in_parts(log_prob: LogProb, rows: int = ROWS) -> LogProb:
    """Return the same function, which reads (n, T) sequences `rows` at a time: more would not fit into memory."""

    def parted(sequences: TokenArray) -> FloatArray:
        if len(sequences) <= rows:
            return log_prob(sequences)
        return np.concatenate([log_prob(sequences[at : at + rows]) for at in range(0, len(sequences), rows)])

    return parted


class NLLOracle:
    """NLL of the samples under the oracle, whose log-probabilities `oracle` gives; low entropy alone lowers it.

    `data` only tells the signature whether its sequences vary in length.
    """

    name = "nll_oracle"
    better: ClassVar[Better] = "lower"
    unknown_words: ClassVar[UnknownWords] = "error"

    def __init__(self, oracle: LogProb, data: SequenceData) -> None:
        self._oracle = oracle
        self._unit = unit(data)

    def signature(self) -> str:
        """Per token, natural log."""
        return f"{self.name}|{self._unit}"

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return the mean over the samples, and the score of each."""
        return Scores.mean_of(per_sequence_nll(self._oracle, generated.sequences, data.vocabulary.end))


class NLLTest:
    """The generator's own NLL of `data.test`; undefined for a generator that gives no probabilities.

    `data` only tells the signature its number of sequences, and whether they vary in length.
    """

    name = "nll_test"
    better: ClassVar[Better] = "lower"
    unknown_words: ClassVar[UnknownWords] = "miss"

    def __init__(self, data: SequenceData) -> None:
        self._size = len(data.test)
        self._unit = unit(data)

    def signature(self) -> str:
        """Return the unit (per token, natural log) and the number of test sequences."""
        return f"{self.name}|test:{self._size}|{self._unit}"

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return the mean over the test sequences, and the score of each in their order."""
        if generated.log_prob is None:
            return Scores(None)
        return Scores.mean_of(per_sequence_nll(generated.log_prob, data.test, data.vocabulary.end))
