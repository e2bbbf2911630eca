"""The cost contract: the stages of a training, from which its hours are predicted before it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol, runtime_checkable

Work = Literal["sample", "teacher-forcing", "log-prob", "discriminator", "rollout", "policy-gradient"]
"""The kinds of work that `bench speed` times, at V = 5,000, T = 20, an LSTM of size 32 and minibatches of 64."""


class Sizes(NamedTuple):
    """The sizes that a cost may depend on besides the knobs."""

    train: int
    """Sequences of the training split."""
    length: int
    """T."""
    vocabulary: int
    """V, with special tokens."""


class Stage(NamedTuple):
    """A part of training: a kind of work, and the number of sequences that get it in the whole training.

    sample: sequences drawn. teacher-forcing: sequences learnt from, epochs * train. log-prob: sequences scored.
    discriminator: sequences shown to it, real or not, times its size as a share of 1,720 filters. rollout: sequences
    whose every prefix is completed and judged, times the completions of a prefix. policy-gradient: sequences of the
    generator's steps, without their rewards. Arms of a seed do a stage of equal `shared` only once: see `Start` in
    bench/contracts/trainer.py.
    """

    work: Work
    sequences: float
    shared: str = ""


@runtime_checkable
class Costed(Protocol):
    """Knobs that state the cost of their training; the hours of other trainers are not predicted."""

    def cost(self, sizes: Sizes) -> Sequence[Stage]:
        """Return the stages of one training, in any order; empty if there is nothing to train."""
        ...
