"""The frame that tables are built from, made from the journals of a runs folder without a tracking store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bench.files import read_scores
from bench.records import seal
from bench.records.encoding import Projection, Tracked, frame, project
from bench.records.journal import Record
from bench.records.plans import Entry
from bench.records.runs import RunsFolder

if TYPE_CHECKING:
    import pandas as pd


def frame_of(runs: RunsFolder, plan: str) -> pd.DataFrame:
    """Return one row per run and metric of a plan, as `Tracker.frame` does; `run_id` is the id of the cell."""
    cells = runs.plans[plan]
    made = ((record, cells[record.cell.id]) for record in runs.of_plan(plan))
    return frame(tracked(record, project(record, plan, entry), entry) for record, entry in made)


def tracked(record: Record, made: Projection, entry: Entry) -> Tracked:
    """Return a run as it is read back from a store."""
    values = {point.key: point.value for point in made.points}
    return Tracked(record.cell.id, made.tags | {"projected": str(entry.asked)}, values)


def per_sequence_of(runs: RunsFolder) -> Callable[[str], pd.DataFrame]:
    """Return a function: id of a cell -> its scores per sequence, empty if it has none; BenchError if damaged."""

    def read(key: str) -> pd.DataFrame:
        """Return the scores of a cell."""
        import pandas as pd

        record = runs.record(key)
        path = record.folder / "scores.parquet"
        if not path.is_file():
            return pd.DataFrame()
        seal.check(record.folder, record.seal, path.name)
        return read_scores(path, str(path), f"remove {record.folder}, and run the cell again")

    return read
