"""What the page shows beside the tables: curves, profiles, samples, sweeps, and the tags of the runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.planning.cell import REAL
from bench.reporting.page.samples import MOST, shortened
from bench.reporting.page.sweeps import Sweep, read_sweep
from bench.reporting.table import Table

if TYPE_CHECKING:
    import pandas as pd

    from bench.records.journals import Source


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a page is made of, beside its tables.

    `curves` and `profiles`: name -> Tracker.curves and Tracker.profiles. `tags`: run id -> Tracker.tags. `samples`:
    dataset -> label -> texts. `sweeps`: dataset -> the scores that `bench sweep` wrote.
    """

    curves: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    profiles: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    samples: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    sweeps: Mapping[str, Sequence[Sweep]] = field(default_factory=dict)


def gather(
    tables: Sequence[Table],
    source: Source,
    curves: Mapping[str, pd.DataFrame],
    profiles: Mapping[str, pd.DataFrame],
    out: Path,
) -> Material:
    """Return the material of a page in the folder `out`; sweeps are read from there and from the folder above it."""
    plan = str(tables[0].runs["plan"].iloc[0])
    return Material(
        curves=curves,
        profiles=profiles,
        tags=source.tags(plan),
        samples={table.dataset: _samples(table, source) for table in tables},
        sweeps={table.dataset: read_sweep(table, (out, out.parent)) for table in tables},
    )


def _samples(table: Table, source: Source) -> dict[str, list[str]]:
    """Return label -> the first samples of its finished run with the lowest seed, real text first."""
    done = table.runs[table.runs["status"] == "done"].sort_values(["label", "seed"]).drop_duplicates("label")
    first = dict(zip(done["label"], done["run_id"], strict=True))
    order = sorted((row.label for row in table.rows if row.label in first), key=lambda label: label != REAL)
    found = {label: source.samples(str(first[label]), MOST) for label in order}
    return {label: [*map(shortened, texts)] for label, texts in found.items() if texts}
