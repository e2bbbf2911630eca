"""Weigh the evidence for a difference on a table's headline by e-values, which hold at every look (judging/evalue)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.judging.evalue import RESOLVED, running
from bench.judging.over_seeds import Arm
from bench.planning.cell import REAL
from bench.reporting.table import Table


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The e-value of the reference against a row on the headline, after `seeds` seeds that both have.

    The difference is resolved if the e-value is at least `wanted`: 20 times the number of rows, so that in 95 % of
    studies no row without a difference is called resolved, however often a user looks.
    """

    name: str
    seeds: int
    evalue: float
    wanted: float

    @property
    def resolved(self) -> bool:
        """Return whether the difference is resolved."""
        return self.evalue >= self.wanted


def on_headline(table: Table) -> list[Evidence]:
    """Return the evidence against each other row that has runs, in the table's order; empty without a reference."""
    own = table.reference_row
    if own is None or not table.columns:
        return []
    metric = table.columns[0].metric
    rows = [row for row in table.rows if row.label not in (REAL, own.label) and row.scores[metric].values]
    found = []
    for row in rows:
        gaps = _by_seed(own.arm(metric), row.arm(metric))
        value = max(running(gaps), default=1.0)
        found.append(Evidence(name=row.name, seeds=len(gaps), evalue=value, wanted=RESOLVED * len(rows)))
    return found


def unresolved(tables: Sequence[Table]) -> dict[str, list[Evidence]]:
    """Return dataset -> the rows whose difference from the reference is not resolved yet; only datasets with some."""
    found = {table.dataset: [one for one in on_headline(table) if not one.resolved] for table in tables}
    return {dataset: rows for dataset, rows in found.items() if rows}


def _by_seed(one: Arm, other: Arm) -> list[float]:
    """Return the differences at the seeds that both have, in the order of seeds."""
    return [one.scores[seed] - other.scores[seed] for seed in sorted(one.scores.keys() & other.scores.keys())]
