"""A table as data: columns, rows of scores over seeds, and comparisons with the reference arm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bench.contracts.metric import Better, Bound
from bench.judging import statistics
from bench.judging.over_seeds import Arm
from bench.judging.pair_verdict import PairVerdict
from bench.planning.cell import ELSEWHERE
from bench.plugins.reference import base
from bench.records.human import Collected
from bench.reporting.paper import Published

if TYPE_CHECKING:
    import pandas as pd

State = Literal["value", "undefined", "failed", "unfinished", "absent"]
Place = Literal["best", "tied", "next"]
PerSequence = Callable[[str], "pd.DataFrame"]
Human = Mapping[str, Collected]
"""Dataset -> its human scores, if there are any."""


@dataclass(frozen=True)
class Column:
    """A metric: its written name, whether higher or lower is better, and the signature that all its values share."""

    metric: str
    name: str
    decimals: int
    better: Better
    signature: str
    published: bool


@dataclass(frozen=True)
class Entry:
    """A row's values of one metric, sorted by seed, and the seeds; their mean, the half-width of its 95 % interval, and
    the kind of bound.

    `marked` means that the value is beyond the real row's, which is not better (see bench/reporting/marks.py).
    """

    state: State
    values: tuple[float, ...] = ()
    seeds: tuple[int, ...] = ()
    mean: float | None = None
    half: float | None = None
    published: str | None = None
    marked: bool = False
    bound: Bound | None = None


@dataclass(frozen=True)
class Row:
    """One arm, with the numbers of its runs that finished, failed, or did neither yet.

    `starts` is seed -> the key of the start that the run shares with other arms. `baseline` is the trainer's own name,
    which a label of the user's hides; "" if no run says. `problems` is problem -> the seeds of the finished runs in
    which a quick check of the trainer's contract finds it.
    """

    label: str
    name: str
    done: int
    failed: int
    unfinished: int
    scores: dict[str, Entry]
    human: str = "not collected"
    human_published: str | None = None
    starts: Mapping[int, str] = field(default_factory=dict)
    baseline: str = ""
    problems: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def trainer(self) -> str:
        """Return the name of the trainer, without knobs and preset."""
        return self.baseline or base(self.label)

    def arm(self, metric: str) -> Arm:
        """Return the scores on a metric by seed, with the starts of the runs."""
        entry = self.scores[metric]
        return Arm(dict(zip(entry.seeds, entry.values, strict=True)), self.starts)


@dataclass(frozen=True)
class Ranking:
    """Label -> place in one column. A row without a place is worse than these, has no value, or is *real*.

    The best row has the best mean. A row is tied if the exact test over seeds does not tell it from the best row
    at .05, after Holm over the column, or if both means are printed alike. `next` is the best of the other rows.
    `tested` is false if so few seeds can never reach .05; then only equal means are tied.
    """

    places: Mapping[str, Place]
    tested: bool


@dataclass(frozen=True)
class Comparison:
    """The reference arm against one row on one metric, with p over seeds before and after Holm over the metric's rows.

    `pairs` is the number of seeds whose runs share a start, by which the tests are paired; 0 if they are unpaired. The
    verdict is about the reference arm and follows `holm_exact`. `needed` is the least number of seeds per arm with
    which that can be below .05; None if the seeds at hand are enough, or if the values are all equal.
    """

    metric: str
    label: str
    name: str
    difference: statistics.Interval | None
    improvement: float | None
    p_sequences: float | None
    p_published: str | None
    pairs: int
    p_t: float | None
    p_exact: float | None
    holm_t: float | None = None
    holm_exact: float | None = None
    verdict: PairVerdict | None = None
    needed: int | None = None


@dataclass(frozen=True)
class Table:
    """One dataset's table, with all that its notes need. `ranks` holds the ranking of each metric."""

    dataset: str
    spec: Published
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    comparisons: tuple[Comparison, ...]
    reference_row: Row | None
    human: bool
    left_out: tuple[str, ...]
    runs: pd.DataFrame
    collected: Collected | None = None
    ranks: Mapping[str, Ranking] = field(default_factory=dict)

    @property
    def reference(self) -> str | None:
        """Return the printed name of the arm that the others are compared with."""
        return self.reference_row.name if self.reference_row else None


def made_elsewhere(runs: pd.DataFrame) -> pd.Series[bool]:
    """Return which rows of a tracked frame are of samples that no trainer of the benchmark made."""
    return runs["baseline"].str.startswith(f"{ELSEWHERE}:")
