"""Choose the row that the others of a table are compared with."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bench.contracts.errors import unknown
from bench.planning.cell import REAL
from bench.plugins.reference import base
from bench.reporting.paper import Paper
from bench.reporting.table import Row

FALLBACK = "mle"


def reference_row(rows: Sequence[Row], paper: Paper, wanted: str | None = None) -> Row | None:
    """Return the wanted row if it has a finished run; else the default; None if no row has a finished run.

    The default is the only row that this package does not ship, since a user compares others with their own method;
    else the paper's reference, or its only variant; else MLE; else the first row that is not *real*.
    """
    done = [row for row in rows if row.done and row.label != REAL]
    asked = [row for row in done if row.label == wanted]
    foreign = [row for row in done if row.trainer not in paper.order]
    shipped = _only(done, paper.reference) or _only(done, FALLBACK)
    return next(iter([*asked, *(foreign if len(foreign) == 1 else []), *shipped, *done]), None)


def refuse_unknown(wanted: str | None, labels: Collection[str]) -> None:
    """Raise BenchError if no row that can be compared has that name; *real* cannot."""
    if wanted is not None and wanted not in (rows := set(labels) - {REAL}):
        raise unknown("row", wanted, rows)


def _only(rows: Sequence[Row], arm: str) -> list[Row]:
    """Return the row of an arm, or of its only variant such as `seqgan[rollouts=8]`; empty if there are several."""
    found = [row for row in rows if base(row.label) == arm]
    exact = [row for row in found if row.label == arm]
    return exact or (found if len(found) == 1 else [])
