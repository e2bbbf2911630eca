"""Read the scores of a runs folder into one table, from the journals alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.contracts.errors import BenchError, unknown
from bench.records.journal import Record
from bench.records.runs import RunsFolder

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "dataset", "baseline", "seed", "status", "metric", "value", "better", "bound", "signature", "samples", "seconds",
    "error", "cell",
)  # fmt: skip


def load_results(runs: str | Path = "runs", plan: str | None = None) -> pd.DataFrame:
    """Return a row for each score of each cell in a runs folder, or of one plan's cells in the plan's order.

    `value` is missing if the metric is undefined; `bound` is set if the value is a bound and not exact. A cell without
    scores has one row with its status (pending, running, interrupted, failed, timed out, out of memory, diverged,
    damaged) and its error, if there is one. BenchError if there is no such folder or plan.
    """
    import pandas as pd

    folder = RunsFolder(Path(runs))
    if not folder.path.is_dir():
        raise BenchError(f"no runs folder {runs}: `bench run` makes one; give its path")
    rows = [row for record, label in _records(folder, plan) for row in _rows(record, label)]
    keys = folder.ids if plan is None else folder.plans[plan]
    rows += [{"status": "damaged", "error": why, "cell": key} for key, why in folder.unreadable.items() if key in keys]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({"value": "float64", "seconds": "float64", "samples": "Int64"})


def _records(folder: RunsFolder, plan: str | None) -> Iterator[tuple[Record, str]]:
    """Yield each cell's record and the name of its row."""
    if plan is None:
        yield from ((record, record.cell.label) for record in folder.records())
        return
    if plan not in folder.plans:
        raise unknown(f"plan in {folder}", plan, folder.plans)
    for record in folder.of_plan(plan):
        yield record, folder.plans[plan][record.cell.id].label or record.cell.label


def _rows(record: Record, label: str) -> Iterator[dict[str, Any]]:
    cell, done = record.cell, record.done
    shared = {
        "dataset": cell.dataset_label,
        "baseline": label,
        "seed": cell.seed,
        "status": record.status,
        "samples": done.hypotheses if done else None,
        "seconds": done.seconds if done else None,
        "error": record.failure.error if record.failure else record.damage or None,
        "cell": cell.id,
    }
    if not record.scores:
        yield shared
    for metric, score in record.scores.items():
        yield shared | {"metric": metric, **vars(score)}
