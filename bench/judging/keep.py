"""Keep samples made elsewhere as a finished cell, so that tables treat them as a row beside the runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.files import checksum
from bench.judging.copies import copied_share
from bench.judging.evaluator import Judgement
from bench.judging.judge import Judge
from bench.judging.samples import Samples
from bench.planning.cell import ELSEWHERE, Cell
from bench.records import plans as kept_plans
from bench.records import provenance
from bench.records import runs as stored
from bench.records.artifacts import data_facts, write_artifacts
from bench.records.journal import Journal, Record, read_record, write_cell
from bench.records.tracker import Tracker
from bench.toolkit.corpora.reading.rows import split_column


def keep(judge: Judge, name: str, path: Path, samples: Samples, judged: Judgement, runs: Path) -> Record:
    """Write the row as a finished cell, once: its numbers depend on nothing but the cell."""
    data = judge.opened.data
    folder = write_cell(_cell(judge.real, name, path, samples), runs)
    if read_record(folder).status != "done":
        journal = Journal(folder)
        outside = (f"{samples.outside:.2%} of tokens outside the vocabulary",) if samples.outside else ()
        notes = [*data.notes, *(f"{name}: {note}" for note in (*samples.notes, *outside))]
        journal.append("start", **data_facts(data) | {"notes": notes})
        readable = Opened(judge.opened.dataset, replace(data, vocabulary=samples.vocabulary))
        write_artifacts(folder, judged.samples, judged.per_sequence, readable, {})
        facts = {"hypotheses": len(judged.samples), "copied": copied_share(judged.samples, data)}
        journal.append("done", scores=judged.scores, **facts, seconds=0.0, wall_seconds=0.0)
    return read_record(folder)


def _cell(real: Cell, name: str, path: Path, samples: Samples) -> Cell:
    """The cell that stands for a file: its checksum in place of a plug-in's, how it was read in place of settings."""
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
    """BenchError if a table or a file could not hold the name of a row."""
    if not name.strip() or set(name) & set("'\"/\\") or not name.isprintable():
        raise BenchError(f"--name {name!r}: a name without quotes and slashes, please")


def only_plan(runs: Path, dataset: str) -> str:
    """Return the one plan that holds runs of the dataset, "elsewhere" if there is none; BenchError if several do."""
    plans = [plan for plan in kept_plans.read_all(runs) if stored.of_plan(runs, plan, dataset)]
    if len(plans) > 1:
        raise BenchError(f"{dataset} is in several plans: say with --plan which gets the row: {', '.join(plans)}")
    return plans[0] if plans else ELSEWHERE


def enter(record: Record, plan: str, runs: Path, tracker: Tracker | None = None) -> None:
    """Add the row to a plan; write it to MLflow if there is a tracker."""
    cells = kept_plans.write(plan, {record.cell.id: provenance.facts()}, runs)
    if tracker is not None:
        tracker.project(record, plan, cells[record.cell.id])
