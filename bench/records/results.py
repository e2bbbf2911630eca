"""The scores that a runs folder keeps, as one table; read from the journals alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.contracts.errors import BenchError, unknown
from bench.records import plans as kept_plans
from bench.records.journal import Record, read_record

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "dataset", "baseline", "seed", "status", "metric", "value", "better", "signature", "samples", "seconds", "error",
    "cell",
)  # fmt: skip


def load_results(runs: str | Path = "runs", plan: str | None = None) -> pd.DataFrame:
    """Return a row for each score of each cell in a runs folder, or of one plan's cells in the plan's order.

    `value` is missing where a metric is undefined. A cell without scores has one row, with its status (pending,
    running, interrupted, failed) and, if it failed, its error. BenchError if there is no such folder or plan.
    """
    import pandas as pd

    rows = [row for record, label in _records(Path(runs), plan) for row in _rows(record, label)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({"value": "float64", "seconds": "float64", "samples": "Int64"})


def _records(runs: Path, plan: str | None) -> Iterator[tuple[Record, str]]:
    """Yield each cell's record and the name of its row."""
    if not runs.is_dir():
        raise BenchError(f"no runs folder {runs}: `bench run` makes one; give its path")
    kept = kept_plans.read_all(runs)
    if plan is not None and plan not in kept:
        raise unknown(f"plan in {runs}", plan, kept)
    labels = _labels(runs) if plan is None else kept[plan]
    for key, facts in labels.items():
        if (runs / key / "cell.json").exists():
            record = read_record(runs / key)
            yield record, facts.get("label", record.cell.label)


def _labels(runs: Path) -> dict[str, Mapping[str, str]]:
    """Return every cell of the folder; without a plan, a cell keeps its own name."""
    return {path.parent.name: {} for path in sorted(runs.glob("*/cell.json"))}


def _rows(record: Record, label: str) -> Iterator[dict[str, Any]]:
    cell, done = record.cell, record.last("done") if record.status == "done" else {}
    facts = {
        "dataset": cell.dataset_label,
        "baseline": label,
        "seed": cell.seed,
        "status": record.status,
        "samples": done.get("hypotheses"),
        "seconds": done.get("seconds"),
        "error": record.last("failed").get("error") if record.status == "failed" else None,
        "cell": cell.id,
    }
    if not record.scores:
        yield facts
    for metric, score in record.scores.items():
        yield facts | {"metric": metric, **{name: score[name] for name in ("value", "better", "signature")}}
