"""The work of a training: the updates of an epoch, and the tokens that all of it samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from bench.contracts.cost import Costed, Sizes
from bench.contracts.data import SequenceData
from bench.contracts.errors import BenchError
from bench.planning.cell import REAL, Cell
from bench.plugins.blame import blaming
from bench.records.revive import settings_of


@dataclass
class Updates:
    """The number of steps that torch's optimizers made."""

    count: int = 0


@contextmanager
def counting() -> Iterator[Updates]:
    """Count the steps of all torch optimizers within the context; other changes of parameters do not count."""
    from torch.optim.optimizer import register_optimizer_step_post_hook

    updates = Updates()

    def count(*_: object) -> None:
        updates.count += 1

    hook = register_optimizer_step_post_hook(count)
    try:
        yield updates
    finally:
        hook.remove()


def tokens_sampled(cell: Cell, data: SequenceData) -> int | None:
    """Return how many tokens a whole training samples, by the cost that the trainer states; None if it states none.

    A sequence that is drawn, or rewarded, has T tokens. Of a sequence whose prefixes 1..T-1 are completed, the
    completions have T(T-1)/2. Training that stops early samples less. A cost that breaks its contract counts as none:
    the training is worth more than the number.
    """
    if cell.reference == REAL:
        return None
    knobs = settings_of(cell)
    if not isinstance(knobs, Costed) or not callable(knobs.cost):  # a knob may have that name
        return None
    whole = data.length
    tokens = {"sample": whole, "policy-gradient": whole, "rollout": whole * (whole - 1) / 2}
    with suppress(BenchError), blaming("count the samples of", cell.reference):
        stages = knobs.cost(Sizes(len(data.train), data.length, len(data.vocabulary)))
        return round(sum(tokens.get(stage.work, 0) * stage.sequences for stage in stages))
    return None
