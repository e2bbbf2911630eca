"""Keep samples made elsewhere as a finished cell, so that tables treat them as a row beside the runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.guards.names import LONGEST
from bench.contracts.visible import visible
from bench.files import checksum
from bench.judging.copies import copied_share
from bench.judging.evaluator import Judgement
from bench.judging.judge import Judge
from bench.judging.rejudge import keep_beside
from bench.judging.samples import Samples
from bench.planning.cell import ELSEWHERE, Cell
from bench.plugins.metrics import OwnMetric
from bench.records import plans as kept_plans
from bench.records import provenance
from bench.records.artifacts import start_of, write_artifacts
from bench.records.events import Done
from bench.records.journal import Journal, Record, read_record, write_cell
from bench.records.plans import Entry
from bench.records.runs import RunsFolder
from bench.records.tracker import Tracker
from bench.toolkit.corpora.reading.rows import split_column


def keep(judge: Judge, name: str, path: Path, samples: Samples, judged: Judgement, runs: RunsFolder) -> Record:
    """Write the row as a finished cell, unless it exists, and return its record.

    `runs` does not see the new cell. Make a new RunsFolder to read it.
    """
    data = judge.opened.data
    own = [metric for metric in judge.evaluator.metrics if isinstance(metric, OwnMetric)]
    beside = {metric.name for metric in own}
    folder = write_cell(cell_of(judge.real, name, path, samples), runs.path)
    if (status := read_record(folder).status) != "done":
        journal = Journal(folder)
        if status == "damaged":
            journal.set_aside()
        outside = (f"{samples.outside:.2%} of tokens outside the vocabulary",) if samples.outside else ()
        journal.append(start_of(data, [f"{name}: {note}" for note in (*samples.notes, *outside)]))
        readable = Opened(judge.opened.dataset, replace(data, vocabulary=samples.vocabulary))
        per_sequence = {name: values for name, values in judged.per_sequence.items() if name not in beside}
        write_artifacts(folder, judged.samples, per_sequence, readable, {})
        done = Done(
            scores={name: score for name, score in judged.scores.items() if name not in beside},
            hypotheses=len(judged.samples),
            copied=copied_share(judged.samples, data),
            seconds=0.0,
            wall_seconds=0.0,
        )
        journal.finish(done)
    keep_beside(read_record(folder), own, judged)
    return read_record(folder)


def cell_of(real: Cell, name: str, path: Path, samples: Samples) -> Cell:
    """Return the cell of a file: its checksum replaces a plug-in's, and the options of reading replace the knobs."""
    return replace(
        real,
        label=name,
        reference=ELSEWHERE,
        baseline=f"{ELSEWHERE}:{name}",
        settings=tuple(sorted((("file", path.name), ("format", samples.format), *samples.cleaned))),
        evaluation=replace(real.evaluation, samples=len(samples.sequences)),
        code=checksum(split_column(str(path))[0]),
    )


def check_row_name(name: str) -> None:
    """Raise BenchError if tables or files cannot hold the name of a row."""
    if not name.strip() or set(name) & set("'\"/\\"):
        raise BenchError(f"--name {name!r:.80}: a name without quotes and slashes, please")
    if not name.isprintable() or visible(name) != name:
        raise BenchError(f"--name {name!r:.80}: a name of printable characters only, please")
    if name.lstrip().startswith(("=", "+", "-", "@")):
        raise BenchError(f"--name {name!r:.80}: a spreadsheet would compute it; begin with another character")
    if len(name) > LONGEST:
        raise BenchError(f"--name {name!r:.80}: it has {len(name)} characters; give at most {LONGEST}")


def only_plan(runs: RunsFolder, dataset: str) -> str:
    """Return the only plan with runs of the dataset; "elsewhere" if there is none; BenchError if there are several."""
    plans = [plan for plan in runs.plans if runs.of_plan(plan, dataset)]
    if len(plans) > 1:
        raise BenchError(f"{dataset} is in several plans: say with --plan which gets the row: {', '.join(plans)}")
    return plans[0] if plans else ELSEWHERE


def enter(record: Record, plan: str, runs: RunsFolder, tracker: Tracker | None = None) -> None:
    """Add the row to a plan on disk; write it to MLflow if there is a tracker. `runs` does not see the change."""
    cell = record.cell
    cells = kept_plans.write(
        plan,
        {cell.id: Entry(tags=provenance.tags(), label=cell.label, dataset=cell.dataset_label, seed=cell.seed)},
        runs.path,
    )
    if tracker is not None:
        tracker.project(record, plan, cells[cell.id])
