"""Kullback-Leibler divergence between oracle and generator, per token and in nats, both ways; the oracle task only.

Each is a mean of log-ratios over sequences drawn from the first of the two distributions. A low sampling temperature
lowers NLL_oracle, but not these: reverse KL then loses in entropy, and forward KL in coverage.
"""

from __future__ import annotations

from typing import ClassVar

from bench.contracts.data import SequenceData
from bench.contracts.metric import Better, Generated, Metric, Scores, UnknownWords
from bench.toolkit.metrics.nll import LogProb, NLLOracle, NLLTest, in_parts, per_sequence_nll, remember, unit


class ForwardKL:
    """KL(oracle || generator) = NLL_test - H(oracle): what the generator fails to cover.

    H(oracle) is the oracle's own NLL of the same test sequences, so the noise that both sides share cancels.
    """

    name = "forward_kl"
    better: ClassVar[Better] = "lower"
    unknown_words: ClassVar[UnknownWords] = "miss"

    def __init__(self, oracle: LogProb, data: SequenceData) -> None:
        self._oracle = oracle
        self._size = len(data.test)
        self._unit = unit(data)

    def signature(self) -> str:
        """Return the unit (per token, natural log) and the number of test sequences."""
        return f"{self.name}|test:{self._size}|{self._unit}"

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return the mean over the test sequences; undefined if the generator gives no probabilities."""
        if generated.log_prob is None:
            return Scores(None)
        end = data.vocabulary.end
        nll_test = per_sequence_nll(generated.log_prob, data.test, end)
        return Scores.mean_of(nll_test - per_sequence_nll(self._oracle, data.test, end))


class ReverseKL:
    """KL(generator || oracle) = NLL_oracle - H(generator): what the generator makes and the oracle does not.

    H(generator) is the generator's NLL of its own samples. At a temperature other than 1 it needs the log-probabilities
    at that temperature.
    """

    name = "reverse_kl"
    better: ClassVar[Better] = "lower"
    unknown_words: ClassVar[UnknownWords] = "error"

    def __init__(self, oracle: LogProb, data: SequenceData) -> None:
        self._oracle = oracle
        self._unit = unit(data)

    def signature(self) -> str:
        """Return the unit: per token, natural log."""
        return f"{self.name}|{self._unit}"

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return the mean over the samples; undefined if the generator gives no probabilities."""
        if generated.log_prob is None:
            return Scores(None)
        end = data.vocabulary.end
        entropy = per_sequence_nll(generated.log_prob, generated.sequences, end)
        return Scores.mean_of(per_sequence_nll(self._oracle, generated.sequences, end) - entropy)


def oracle_metrics(oracle: LogProb, data: SequenceData) -> list[Metric]:
    """Return nll_oracle, nll_test, forward_kl and reverse_kl; the oracle reads each array once, in parts."""
    oracle = remember(in_parts(oracle))
    return [NLLOracle(oracle, data), NLLTest(data), ForwardKL(oracle, data), ReverseKL(oracle, data)]
