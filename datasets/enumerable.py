"""A task so small that all its sequences are enumerated: every divergence is a sum, without sampling error.

On this task a discriminator can learn. SeqGAN's controls, a constant and a random reward, show what its generator
updates do without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.errors import BenchError
from bench.contracts.knobs import knob
from bench.contracts.seeding import numpy_rng, torch_rng
from bench.toolkit.corpora.fetch import Corpora

if TYPE_CHECKING:
    from bench.contracts.metric import FloatArray, Metric
    from bench.toolkit.models.lstm import LSTM
    from bench.toolkit.models.markov import MarkovChain

MOST = 2**18
"""The most sequences that are enumerated."""


@dataclass(frozen=True)
class EnumerableSettings:
    """Which oracle, and how much is drawn from it."""

    oracle: Literal["markov", "lstm"] = knob("markov", help="a Markov chain, or an LSTM with N(0, 1) parameters")
    seed: int = knob(0, low=0, help="draws the oracle's parameters and the data")
    words: int = knob(6, low=2, high=512, help="V; words ** length is at most 262,144")
    length: int = knob(4, low=2, high=18, help="T")
    order: int = knob(1, low=1, high=2, help="how many tokens back the Markov chain looks")
    concentration: float = knob(0.3, low=0.01, high=100, help="of the Dirichlet; the smaller, the sharper the chain")
    uniform: float = knob(0.01, low=0, high=1, help="share of the uniform distribution in each next token of the chain")
    train: int = knob(2_048, low=64, quick=256, help="training sequences")
    valid: int = knob(2_048, low=64, quick=64, help="held-out sequences for best-valid; no row has more of them")
    test: int = knob(2_048, low=64, quick=64, help="held-out sequences for NLL_test")


class Enumerable:
    """Six words and four positions by default: 1,296 sequences."""

    Settings = EnumerableSettings

    def __init__(self, settings: EnumerableSettings, corpora: Corpora) -> None:
        if settings.words**settings.length > MOST:
            raise BenchError(
                f"enumerable: words = {settings.words} and length = {settings.length} make "
                f"{settings.words**settings.length:,} sequences; choose smaller ones, for at most {MOST:,}"
            )
        self.settings = settings

    def load(self) -> SequenceData:
        """Return three independent draws from the oracle; they share sequences, because few are possible."""
        from bench.toolkit.corpora.drawn import drawn, generated_source
        from bench.toolkit.models.markov import MarkovChain

        s, oracle = self.settings, self._oracle
        if isinstance(oracle, MarkovChain):
            name, parameters = f"a Markov chain of order {s.order}", oracle.tables
        else:
            name, parameters = "an N(0,1) LSTM", list(oracle.parameters())
        source = generated_source(f"{name}, seed {s.seed}, all sequences enumerated", parameters)
        return drawn(oracle, s.words, (s.train, s.valid, s.test), source, s.seed)

    def metrics(self, data: SequenceData) -> Sequence[Metric]:
        """Return forward KL first; the counted metrics are for generators without log_prob."""
        from bench.toolkit.metrics.counted import CountedReverseKL, CountedTV
        from bench.toolkit.metrics.exact import exact_metrics
        from bench.toolkit.metrics.memorisation import memorisation_metrics
        from bench.toolkit.metrics.nll import NLLOracle, NLLTest, in_parts, remember
        from bench.toolkit.metrics.truth import EnumeratedTruth

        log_prob = remember(in_parts(self._log_prob))
        truth = EnumeratedTruth(log_prob, self.settings.words, self.settings.length)
        known: list[Metric] = [NLLOracle(log_prob, data), NLLTest(data), *memorisation_metrics(data)]
        return [*exact_metrics(truth), *known, CountedTV(truth), CountedReverseKL(truth)]

    def real(self, data: SequenceData) -> LSTM | MarkovChain:
        return self._oracle

    def _log_prob(self, sequences: TokenArray) -> FloatArray:
        """Return (n, T) float64 log-probability of each token under the oracle."""
        import torch

        found: FloatArray = self._oracle.log_prob(torch.from_numpy(sequences)).numpy()
        return found

    @cached_property
    def _oracle(self) -> LSTM | MarkovChain:
        s = self.settings
        if s.oracle == "markov":
            from bench.toolkit.models.markov import MarkovChain

            rng = numpy_rng("enumerable oracle", s.seed)
            return MarkovChain.dirichlet(
                s.words, s.length, order=s.order, concentration=s.concentration, uniform=s.uniform, rng=rng
            )
        from bench.toolkit.models.lstm import LSTM

        return LSTM(s.words, s.length).reset(1.0, torch_rng("enumerable oracle", s.seed)).double()
