"""What a run must know of a dataset before its cells open it: facts without the arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.contracts.cost import Sizes
from bench.contracts.data import Source
from bench.contracts.guards.dataset import origin_of
from bench.judging import strange
from bench.planning import plan as planning

if TYPE_CHECKING:
    from bench.contracts.dataset import Opened
    from bench.planning.request import Arm
    from bench.toolkit.corpora.fetch import Corpora


@dataclass(frozen=True)
class Seen:
    """The facts of a dataset.

    `rows` counts the sequences of all splits. `remarks` are those that the user must see before any work. `absent` are
    the published corpora for which a made-up one stands in.
    """

    fingerprint: str
    origin: str
    source: Source
    sizes: Sizes
    rows: int
    remarks: tuple[str, ...]
    absent: frozenset[str] = frozenset()


def see(arm: Arm, corpora: Corpora) -> Seen:
    """Open the dataset of an arm and return its facts; BenchError if it cannot be opened."""
    return facts(planning.open_arm(arm, corpora), arm.label, corpora.absent)


def facts(opened: Opened, label: str, absent: set[str] | None = None) -> Seen:
    """Return the facts of a dataset that is open. `label` is its name in tables."""
    data = opened.data
    return Seen(
        fingerprint=data.fingerprint,
        origin=origin_of(data),
        source=data.source,
        sizes=Sizes(len(data.train), data.length, len(data.vocabulary)),
        rows=len(data.train) + len(data.valid) + len(data.test),
        remarks=tuple(map(str, strange.of_corpus(opened, label.partition(":")[0]))),
        absent=frozenset(absent or ()),
    )
