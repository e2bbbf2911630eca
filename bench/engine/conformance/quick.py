"""The quick part of the checks: `bench run` does it on the trained generator of each trainer of the user's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bench.contracts import chance
from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.errors import named
from bench.contracts.generator import ROWS, Generator
from bench.contracts.guards.generator import checked_samples
from bench.engine.conformance.distribution import FOLLOW, LEAST_P, follows
from bench.judging import modes
from bench.judging.evaluator import log_prob_of
from bench.plugins import folders

if TYPE_CHECKING:
    import torch

    from bench.toolkit.metrics.nll import LogProb

TOKENS = 200
"""The most first tokens whose probability is asked for; all others are counted together."""
LONGEST = 300  # characters of an error
EQUAL = "two draws from one rng are equal: sample() must not seed again"
OTHER = f"the first tokens of samples do not follow log_prob: {FOLLOW}"


def problems(generator: Generator, data: SequenceData, judged: TokenArray, rng: torch.Generator) -> list[str]:
    """Return what is wrong with a trained generator, in words; empty if the quick checks find nothing.

    `judged` are the samples, (n, T), that the cell is scored by. At most n sequences are drawn at once, and 1,000 to
    2,000 in all (ROWS), from `rng`. An error of the generator is told too, and not raised.
    """
    try:
        draws = _draws(generator, data, min(len(judged), ROWS), rng)
        if _equal_by_no_chance(*draws[:2]):
            return [EQUAL]  # further draws would be no others
        log_prob = log_prob_of(generator, data, rng.device)
        first = np.concatenate(draws)[:, 0]
        return [OTHER] if log_prob and not _first_tokens_follow(log_prob, data, judged[:, 0], first) else []
    except BaseException as error:  # SystemExit too: the scores of the cell stand, whatever a plug-in raises
        return [f"a quick check ends with {folders.plain(named(error))}"[:LONGEST]]


def _draws(generator: Generator, data: SequenceData, size: int, rng: torch.Generator) -> list[TokenArray]:
    """Return two or more draws of `size` sequences, one after the other from one rng, ROWS sequences or more in all."""
    with chance.seeded(rng.initial_seed(), rng.device), modes.evaluating(generator):
        count = max(2, math.ceil(ROWS / size))
        return [checked_samples(generator.sample(size, rng=rng), size, data) for _ in range(count)]


def _equal_by_no_chance(first: TokenArray, second: TokenArray) -> bool:
    """Return whether two draws are equal, and that by chance is rarer than LEAST_P.

    A collapsed generator, which draws the same few sequences, may well draw them in the same order again.
    """
    _, counts = np.unique(first, axis=0, return_counts=True)
    by_chance = len(first) * math.log(np.square(counts / len(first)).sum())
    return np.array_equal(first, second) and by_chance < math.log(LEAST_P)


def _first_tokens_follow(log_prob: LogProb, data: SequenceData, judged: TokenArray, first: TokenArray) -> bool:
    """Return whether the tokens `first`, (m,), are as frequent as log_prob says.

    The tokens to look at come from the samples `judged`, (n,), which are others than those that are counted.
    """
    tokens, counts = np.unique(judged, return_counts=True)
    tokens = tokens[np.argsort(-counts, kind="stable")[:TOKENS]]
    rows = np.repeat(data.test[:1], len(tokens), axis=0)
    rows[:, 0] = tokens
    p = np.exp(log_prob(rows)[:, 0])
    found = np.bincount(first, minlength=len(data.vocabulary))[tokens]
    rest = max(0.0, 1.0 - float(p.sum()))
    return follows(np.append(found, len(first) - found.sum()), np.append(p, rest) * len(first))
