"""Measure what many finished cells cost the parent: CPU seconds and memory of each look at a runs folder.

    .venv/bin/python tests/engine/many_cells.py 1000 10000 [--store]

It makes so many cells that nothing trained, in a folder of its own, and prints a line for each look. With --store they
are also written to an MLflow store, which takes most of the time, and a report is written from there.
"""

from __future__ import annotations

import io
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from rich.console import Console

from bench.contracts.metric import Score
from bench.engine.overview import overview
from bench.engine.progress import Progress
from bench.planning.cell import REAL, Cell, Evaluation
from bench.records import plans as kept_plans
from bench.records.events import Curve, Done, Epoch, PhaseStart, Start
from bench.records.journal import Journal, checked_record_of, write_cell
from bench.records.journal_frame import frame_of, per_sequence_of
from bench.records.plans import Entry
from bench.records.runs import RunsFolder
from bench.records.sync import project_plan
from bench.records.tracker import Tracker
from bench.reporting.build import build_tables
from bench.reporting.page.page import html
from bench.reporting.paper import paper
from bench.reporting.write import write_report

T = TypeVar("T")
ARMS = (REAL, "mle", "seqgan", "random-uniform")
DATASETS = 20
PLAN = "many"


def cells(count: int) -> list[Cell]:
    """Return cells of four arms on twenty datasets, with as many seeds as are needed."""
    made = []
    for index in range(count):
        rest, arm = divmod(index, len(ARMS))
        seed, dataset = divmod(rest, DATASETS)
        name = f"data{dataset}"
        settings = (("batch", 64),)
        made.append(
            Cell(
                label=ARMS[arm],
                reference=ARMS[arm],
                baseline=ARMS[arm],
                settings=settings,
                dataset=name,
                dataset_label=name,
                dataset_settings=(),
                fingerprint=name,
                seed=seed,
                evaluation=Evaluation(),
            )
        )
    return made


def finish(cell: Cell, runs: Path) -> None:
    """Write the cell as one that has ended, with a short curve."""
    journal, rng = Journal(write_cell(cell, runs)), np.random.default_rng(cell.seed)
    values = rng.normal(8.0, 0.5, 20)
    pd.DataFrame({"loss": values}).to_parquet(journal.folder / "scores.parquet")
    (journal.folder / "samples.txt").write_text("1 2 3\n")
    journal.append(Start(source={}, notes=()))
    journal.append(PhaseStart(name="mle", epochs=2, begins=0, ends=2, trains_generator=True))
    for epoch in (1, 2):
        journal.append(Epoch(phase="mle", epoch=epoch, epochs=2, values={"loss": 9.0 - epoch}))
        journal.append(Curve(x=epoch, phase="mle", scores={"loss": 9.0 - epoch}))
    score = Score(value=float(values.mean()), better="lower", signature="loss|hyps:20")
    journal.finish(Done(scores={"loss": score}, hypotheses=20, seconds=0.0))


def measured(name: str, count: int, work: Callable[[], T]) -> T:
    """Do the work, and print its CPU time, its share of a cell, and the most memory so far."""
    began = time.process_time()
    found = work()
    seconds = time.process_time() - began
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    told = f"{seconds:8.2f} s CPU {1000 * seconds / count:7.3f} ms a cell {most:6} MiB at most"
    print(f"{count:6} cells  {name:32} {told}", flush=True)
    return found


def looks(count: int, folder: Path, *, store: bool) -> None:
    """Make the cells, and measure every look at them."""
    runs, wanted = folder / "runs", cells(count)
    entries = {c.id: Entry(tags={"preset": PLAN}, label=c.label, dataset=c.dataset_label) for c in wanted}
    measured("made", count, lambda: [finish(cell, runs) for cell in wanted])
    measured("plan", count, lambda: kept_plans.write(PLAN, entries, runs))
    measured("schedule", count, lambda: [write_cell(cell, runs) for cell in wanted])
    measured("resume", count, lambda: [checked_record_of(cell, runs / cell.id) for cell in wanted])
    quiet = Console(file=io.StringIO())
    shown = measured("progress", count, lambda: Progress(wanted, runs, 2, quiet, lambda record: None))
    measured("100 ticks", count, lambda: [shown.tick() for _ in range(100)])
    measured("status", count, lambda: overview(RunsFolder(runs)))
    frame = measured("frame of the journals", count, lambda: frame_of(RunsFolder(runs), PLAN))
    read = per_sequence_of(RunsFolder(runs))
    tables = measured("tables", count, lambda: build_tables(frame, paper(), read, {}))
    measured("page", count, lambda: html(tables))
    if store:
        tracker = Tracker(f"sqlite:///{folder}/mlflow.db")
        measured("store made", count, tracker.prepare)
        kept = RunsFolder(runs)
        measured("sync", count, lambda: project_plan(tracker, PLAN, kept.plans[PLAN], kept))
        again = Tracker(tracker.uri)
        measured("sync again", count, lambda: project_plan(again, PLAN, kept.plans[PLAN], kept))
        measured("report from the store", count, lambda: write_report(again, PLAN, folder / "results"))


def main(arguments: Sequence[str]) -> None:
    """Measure each number of cells that is given."""
    for text in arguments:
        if text.isdecimal():
            with tempfile.TemporaryDirectory() as folder:
                looks(int(text), Path(folder), store="--store" in arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
