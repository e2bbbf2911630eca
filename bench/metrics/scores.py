"""From per-sequence scores to a value."""

from __future__ import annotations

from bench.metric import FloatArray, Scores


def mean_of(per_sequence: FloatArray) -> Scores:
    """The mean of (n,) scores, and the scores; undefined where there is no sequence."""
    return Scores(float(per_sequence.mean()), per_sequence) if len(per_sequence) else Scores(None)
