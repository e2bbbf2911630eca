"""Train a cell of a pack again: the same knobs, data, code and seed, in a runs folder of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.contracts.errors import BenchError, unknown
from bench.engine import pool, signals
from bench.engine.job import Context
from bench.judging import retrained
from bench.planning.cell import ELSEWHERE, REAL
from bench.plugins import checksum as code
from bench.records import at_work
from bench.records.journal import Journal, Record, checked_record_of, write_cell

if TYPE_CHECKING:
    from bench.toolkit.corpora.fetch import Corpora


def chosen(records: Sequence[Record], row: str, folder: Path = retrained.FOLDER) -> list[Record]:
    """Return the cell to train again of a row on each dataset: that of the lowest seed that was not trained again yet.

    If all were, that of the lowest seed. BenchError if no finished cell that was trained has that label, or if the code
    of the plug-in is not here.
    """
    trained = [record for record in records if record.done and record.cell.reference not in (ELSEWHERE, REAL)]
    mine = [record for record in trained if record.cell.label == row]
    if not mine:
        raise unknown("trained row of the pack", row, {record.cell.label for record in trained})
    found: dict[str, Record] = {}
    for record in sorted(mine, key=lambda one: (retrained.again(one, folder) is not None, one.cell.seed)):
        found.setdefault(record.cell.dataset_label, record)
    for record in found.values():
        if record.cell.code != code.checksum(record.cell.reference, record.cell.dataset):
            raise BenchError(f"{row} cannot be trained again: its plug-in's code is not here, or changed since")
    return list(found.values())


def retrain(records: Sequence[Record], corpora: Corpora, folder: Path = retrained.FOLDER) -> None:
    """Train the cells again, one at a time, into `folder`; cells that are done there are kept.

    BenchError if another bench is at work in the folder, or names the first cell that does not end.
    """
    with at_work.on_all(folder):
        stop = folder.resolve() / f".stop.{os.getpid()}.{time.time_ns()}"
        waiting = []
        for record in records:
            made = checked_record_of(record.cell, write_cell(record.cell, folder))
            if made.damage:
                Journal(made.folder).set_aside()
            waiting += [record.cell] if made.status != "done" else []
        with signals.raised():
            pool.run_all(waiting, Context(folder.resolve(), corpora, stop), 1, lambda: None, None)
        for record in records:
            made = checked_record_of(record.cell, folder / record.cell.id)
            if made.done is None:
                why = made.failure.error if made.failure else made.damage or made.status
                raise BenchError(f"{record.cell.label} seed {record.cell.seed} did not train again: {why}")
