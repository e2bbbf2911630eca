"""Sequences of a Markov chain drawn from a seeded Dirichlet: a known truth between `enumerable` and `oracle`.

An n-gram model of the chain's order has the right form here; a neural generator has to learn it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bench.contracts.data import SequenceData
from bench.contracts.errors import BenchError
from bench.contracts.knobs import knob
from bench.contracts.seeding import numpy_rng
from bench.toolkit.corpora.fetch import Corpora

if TYPE_CHECKING:
    from bench.contracts.metric import Metric
    from bench.toolkit.models.markov import MarkovChain

MOST = 2**24
"""The most probabilities in a table: 134 MB."""


@dataclass(frozen=True)
class MarkovSettings:
    """Which chain, and how much is drawn from it."""

    seed: int = knob(0, low=0, help="draws the chain and the data")
    words: int = knob(50, low=2, high=200, help="V; words ** (order + 1) is at most 16,777,216")
    length: int = knob(20, low=2, high=1_000, help="T")
    order: int = knob(2, low=1, high=3, help="how many tokens back the chain looks")
    concentration: float = knob(0.1, low=0.01, high=100, help="of the Dirichlet; the smaller, the sharper the chain")
    uniform: float = knob(0.01, low=0, high=1, help="share of the uniform distribution in each next token of the chain")
    train: int = knob(9_984, low=64, quick=256, help="training sequences")
    valid: int = knob(10_000, low=64, quick=64, help="held-out sequences for best-valid; no row has more of them")
    test: int = knob(10_000, low=64, quick=64, help="held-out sequences for NLL_test and for the oracle's prefixes")


class Markov:
    """Every next token's distribution is a row of a table, so marginals and conditionals are exact."""

    Settings = MarkovSettings

    def __init__(self, settings: MarkovSettings, corpora: Corpora) -> None:
        if (size := settings.words ** (settings.order + 1)) > MOST:
            raise BenchError(
                f"markov: order = {settings.order} and words = {settings.words} make a table of {size:,} "
                f"probabilities; choose smaller ones, for at most {MOST:,}"
            )
        self.settings = settings

    def load(self) -> SequenceData:
        """Return three independent draws from the chain."""
        from bench.toolkit.corpora.drawn import drawn, generated_source

        s, chain = self.settings, self._chain
        source = generated_source(f"a Markov chain of order {s.order}, seed {s.seed}", chain.tables)
        return drawn(chain, s.words, (s.train, s.valid, s.test), source, s.seed)

    def metrics(self, data: SequenceData) -> Sequence[Metric]:
        """Return forward KL first, then the other exact metrics, and those that need samples only."""
        import torch

        from bench.toolkit.metrics.exact import exact_metrics
        from bench.toolkit.metrics.memorisation import memorisation_metrics
        from bench.toolkit.metrics.nll import NLLOracle, NLLTest, in_parts
        from bench.toolkit.metrics.truth import SampledTruth

        chain = self._chain
        truth = SampledTruth(lambda rows: chain.next_log_prob(torch.from_numpy(rows)), data)
        known = NLLOracle(in_parts(lambda rows: chain.log_prob(torch.from_numpy(rows)).numpy()), data)
        return [*exact_metrics(truth), known, NLLTest(data), *memorisation_metrics(data)]

    def real(self, data: SequenceData) -> MarkovChain:
        return self._chain

    @cached_property
    def _chain(self) -> MarkovChain:
        from bench.toolkit.models.markov import MarkovChain

        s = self.settings
        return MarkovChain.dirichlet(
            s.words,
            s.length,
            order=s.order,
            concentration=s.concentration,
            uniform=s.uniform,
            rng=numpy_rng("markov oracle", s.seed),
        )
