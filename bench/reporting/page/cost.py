"""The cost of an arm's runs: seconds, epochs, updates, and tokens that training samples."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from bench.reporting import grids
from bench.reporting.table import Row, Table

HEADS = ("Runs", "Training, seconds", "Generator epochs", "Updates", "Tokens sampled")
"""Heads of columns; all but the first are means over runs. Updates are steps of torch's optimizers."""


def texts(table: Table, row: Row, tags: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return the cells of `HEADS` for a row."""
    runs = table.runs[(table.runs["label"] == row.label) & (table.runs["status"] == "done")].drop_duplicates("run_id")
    mine = [tags[run] for run in runs["run_id"] if run in tags]
    seconds = [float(one["seconds"]) for one in mine if "seconds" in one]
    epochs = [phases[-1]["ends"] if (phases := json.loads(text)) else 0 for text in runs["phases"]]
    counted = ([float(one[name]) for one in mine if name in one] for name in ("updates", "tokens"))
    return [str(len(runs)), _mean(seconds, 1), _mean(epochs, 0), *(_mean(values, 0) for values in counted)]


def _mean(values: Sequence[float], decimals: int) -> str:
    return f"{sum(values) / len(values):,.{decimals}f}" if values else grids.DASH
