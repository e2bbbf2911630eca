"""Find the finished runs that a user names: by the id of a cell, or by a row of the tables."""

from __future__ import annotations

from pathlib import Path

from bench.contracts.errors import BenchError
from bench.records import runs as stored
from bench.records.journal import Record


def runs_of(runs: Path, name: str, dataset: str | None = None, plan: str | None = None) -> list[Record]:
    """Return the run whose cell has that id, else the finished runs of the row of that name, by seed.

    BenchError if there is none, or if the name is ambiguous.
    """
    record = stored.by_id(runs, name)
    return [record] if record else stored.of_label(runs, name, dataset, plan)


def one_run(
    runs: Path, name: str, dataset: str | None = None, plan: str | None = None, seed: int | None = None
) -> Record:
    """Return the run whose cell has that id, else the row's run with that seed (default: the lowest).

    BenchError if there is none. An id says its seed itself.
    """
    record = stored.by_id(runs, name)
    return record or run_of_seed(stored.of_label(runs, name, dataset, plan), name, seed)


def run_of_seed(found: list[Record], name: str, seed: int | None) -> Record:
    """Return the first of a row's runs that has that seed (default: any); BenchError, with the seeds, if none has."""
    chosen = [record for record in found if seed in (None, record.cell.seed)]
    if not chosen:
        raise BenchError(f"no finished run of {name} with seed {seed}: there are seeds {stored.seeds(found)}")
    return chosen[0]
