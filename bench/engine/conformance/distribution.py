"""Check that a generator draws from the distribution that its log_prob states."""

from __future__ import annotations

import numpy as np

from bench.contracts.generator import Conditional
from bench.engine.conformance.subject import Subject
from bench.engine.conformance.training import step_each
from bench.judging.evaluator import draw, log_prob_of, next_log_prob_of

DRAWN = 5_000
LEAST_P = 1e-6
"""Level of the chi-square test. The seed is fixed: a sound generator passes always or, one in a million, never."""
LEAST_EXPECTED = 5
"""Expected draws that a token needs to be counted alone; rarer tokens are counted together."""
TOLERANCE = 1e-3


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
    from scipy.stats import chisquare

    words = len(subject.data.vocabulary)
    rows = np.repeat(subject.data.test[:1], words, axis=0)
    rows[:, 0] = np.arange(words)
    p = np.exp(log_prob(rows)[:, 0])
    expected = p / p.sum() * DRAWN
    counts = np.bincount(draw(trainer.generator, DRAWN, subject.data, rng)[:, 0], minlength=words)
    common = expected >= LEAST_EXPECTED
    pairs = [*zip(counts[common], expected[common], strict=True)]
    if rest := float(expected[~common].sum()):
        pairs.append((counts[~common].sum(), rest))
    found, wanted = np.array(pairs, dtype=float).T
    said = f"the first tokens of {DRAWN:,} samples do not follow log_prob"
    assert len(found) < 2 or chisquare(found, wanted).pvalue > LEAST_P, (
        f"{said}: log_prob must describe what sample() draws from, truncation and temperature included"
    )


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
