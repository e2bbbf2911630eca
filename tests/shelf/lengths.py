"""Metrics of a user's own, written as a third party writes them."""

from __future__ import annotations

import numpy as np

from bench import Generated, Scores, SequenceData


class Zeros:
    """The share of zeros."""

    name = "zeros"
    better = "lower"

    def signature(self) -> str:
        return "zeros|share"

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        return Scores.mean_of((generated.sequences == 0).mean(1))


class Surprise:
    """The mean of the samples' own negative log-probabilities, of data that its class is built from."""

    name = "surprise"
    better = "lower"

    def __init__(self, data: SequenceData) -> None:
        self.words = len(data.vocabulary)

    def signature(self) -> str:
        return f"surprise|words:{self.words}"

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        if generated.log_prob is None:
            return Scores(None)
        return Scores(float(-generated.log_prob(generated.sequences).mean() / np.log(self.words)))


class Broken:
    """A metric that raises an error."""

    name = "broken"
    better = "lower"

    def signature(self) -> str:
        return "broken"

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        raise ValueError("no such thing")
