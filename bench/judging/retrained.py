"""Compare the cells of a pack with the same cells trained again on this machine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.contracts.metric import Score
from bench.files import read_bytes
from bench.judging.verify import NEAR
from bench.records.journal import Record
from bench.records.runs import RunsFolder

FOLDER = Path("retrained")
"""The runs folder of cells that are trained again, in the current folder."""


class Again(NamedTuple):
    """What training a cell again gave: the largest relative difference of a score, and the metric that has it.

    `bits` says whether the scores, the samples and the weights are the same bits. A score that is undefined in one of
    the two runs differs by infinity.
    """

    cell: str
    bits: bool
    largest: float
    metric: str

    @property
    def same(self) -> bool:
        """Return whether all scores come out again, up to the rounding of other machines."""
        return self.largest <= NEAR

    def __str__(self) -> str:
        if self.bits:
            return "trained again: the same bits"
        return f"trained again: within {self.largest:.2g} of each score" + (
            "" if self.same else f" (relative; {self.metric} differs most)"
        )


def again(claimed: Record, folder: Path = FOLDER) -> Again | None:
    """Return the comparison of a finished cell with the run of the same cell in `folder`.

    None if there is none that is whole and done, or if it is a copy of the claimed run and no other.
    """
    here = RunsFolder(folder)
    key = claimed.cell.id
    if claimed.done is None or key not in here.ids or key in here.unreadable:
        return None
    made = here.record(key)
    if made.done is None or claimed.seal is None or made.seal is None or _journal(claimed) == _journal(made):
        return None
    gaps = {name: _gap(score.value, made.done.scores[name].value) for name, score in _both(claimed, made)}
    worst = max(gaps, key=lambda name: gaps[name], default="")
    lost = claimed.done.scores.keys() ^ made.done.scores.keys()
    largest, metric = (math.inf, min(lost)) if lost else (gaps.get(worst, 0.0), worst)
    return Again(key, not largest and claimed.seal.files == made.seal.files, largest, metric)


def all_again(claimed: Sequence[Record], folder: Path = FOLDER) -> list[Again]:
    """Return the comparisons of those cells that were trained again in `folder`."""
    found = (again(record, folder) for record in claimed)
    return [one for one in found if one is not None]


def _journal(record: Record) -> bytes:
    return read_bytes(record.folder / "journal.jsonl")


def _both(one: Record, other: Record) -> Iterator[tuple[str, Score]]:
    """Yield the scores of the first run on the metrics of both."""
    if one.done and other.done:
        yield from ((name, score) for name, score in one.done.scores.items() if name in other.done.scores)


def _gap(one: float | None, other: float | None) -> float:
    """Return the relative difference of two scores."""
    if one is None or other is None:
        return 0.0 if one is other else math.inf
    size = max(abs(one), abs(other))
    return abs(one - other) / size if size else 0.0
