"""Check that a generator draws from the distribution that its log_prob states."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.contracts.generator import Conditional
from bench.contracts.metric import FloatArray
from bench.engine.conformance.subject import Subject
from bench.engine.conformance.training import step_each
from bench.judging.evaluator import draw, log_prob_of, next_log_prob_of

DRAWN = 5_000
LEAST_P = 1e-6
"""Level of the chi-square test. The seed is fixed: a sound generator passes always or, one in a million, never."""
LEAST_EXPECTED = 5
"""Expected draws that a token needs to be counted alone; rarer tokens are counted together."""
TOLERANCE = 1e-3
FOLLOW = "log_prob must describe what sample() draws from, truncation and temperature included"


def draws_from_one_generator_differ(subject: Subject) -> None:
    """Two calls of sample() with one rng give different samples, because the second continues the first one's rng."""
    trainer, rng = subject.build()
    first, second = (trainer.generator.sample(40, rng=rng) for _ in range(2))
    assert not np.array_equal(first, second), "two draws from one rng are equal: sample() must not seed again"


def samples_follow_log_prob(subject: Subject) -> None:
    """If there is log_prob, the first tokens of samples are as frequent as it says: no top-k, no temperature."""
    trainer, rng = subject.build()
    step_each(trainer)
    log_prob = log_prob_of(trainer.generator, subject.data, rng.device)
    if log_prob is None:
        return
    words = len(subject.data.vocabulary)
    rows = np.repeat(subject.data.test[:1], words, axis=0)
    rows[:, 0] = np.arange(words)
    p = np.exp(log_prob(rows)[:, 0])
    counts = np.bincount(draw(trainer.generator, DRAWN, subject.data, rng)[:, 0], minlength=words)
    said = f"the first tokens of {DRAWN:,} samples do not follow log_prob"
    assert follows(counts, p / p.sum() * DRAWN), f"{said}: {FOLLOW}"


def follows(found: NDArray[np.int64], wanted: FloatArray) -> bool:
    """Return whether counts, (k,), may be draws with the expected counts `wanted`, (k,): a chi-square test at LEAST_P.

    The rare ones, of which less than LEAST_EXPECTED is expected each, are counted together. If all of them are too rare
    for the test, they are tested by themselves as a Poisson count of LEAST_EXPECTED.
    """
    from scipy.special import chdtrc, pdtrc

    common = wanted >= LEAST_EXPECTED
    seen, expected = found[common].astype(float), wanted[common]
    rare, of_rare = float(found[~common].sum()), float(wanted[~common].sum())
    if of_rare >= LEAST_EXPECTED:
        seen, expected = np.append(seen, rare), np.append(expected, of_rare)
    elif rare and pdtrc(rare - 1, LEAST_EXPECTED) <= LEAST_P:
        return False
    if len(seen) < 2:
        return True
    expected = expected * (seen.sum() / expected.sum())
    return bool(chdtrc(len(seen) - 1, np.square(seen - expected) @ (1 / expected)) > LEAST_P)


def next_log_prob_agrees_with_log_prob(subject: Subject) -> None:
    """If there is next_log_prob, it sums to 1 over the vocabulary, and at the tokens themselves it equals log_prob."""
    trainer, rng = subject.build()
    if not isinstance(trainer.generator, Conditional):
        return
    step_each(trainer)
    rows = subject.data.test[:20]
    every = next_log_prob_of(trainer.generator, subject.data, rng.device)
    own = log_prob_of(trainer.generator, subject.data, rng.device)
    assert every is not None and own is not None, "a generator with next_log_prob needs log_prob"
    log_p = every(rows).double().numpy()
    total = np.exp(log_p).sum(2)
    assert np.abs(total - 1).max() < TOLERANCE, "the probabilities of next_log_prob do not sum to 1"
    chosen = np.take_along_axis(log_p, rows[:, :, None], 2)[:, :, 0]
    gap = np.abs(np.exp(chosen) - np.exp(own(rows))).max()
    assert gap < TOLERANCE, "next_log_prob and log_prob give different probabilities to the same tokens"
