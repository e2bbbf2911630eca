"""Keep samples made elsewhere as a finished cell, so that tables treat them as a row beside the runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.contracts.dataset import Opened
from bench.files import read_bytes
from bench.judging.copies import copied_share
from bench.judging.evaluator import Judgement
from bench.judging.judge import Judge
from bench.judging.samples import Samples
from bench.planning.cell import ELSEWHERE, Cell
from bench.records.artifacts import start_of, write_artifacts
from bench.records.events import Done
from bench.records.journal import Journal, Record, read_record, write_cell
from bench.records.runs import RunsFolder
from bench.toolkit.corpora.manifest import checksum as sha256
from bench.toolkit.corpora.reading.rows import split_column


def keep(judge: Judge, name: str, path: Path, samples: Samples, judged: Judgement, runs: RunsFolder) -> Record:
    """Write the row as a finished cell unless it is there, and return its record.

    `runs` does not see the new cell: make a new RunsFolder to read it there.
    """
    data = judge.opened.data
    folder = write_cell(_cell(judge.real, name, path, samples), runs.path)
    if read_record(folder).status != "done":
        journal = Journal(folder)
        outside = (f"{samples.outside:.2%} of tokens outside the vocabulary",) if samples.outside else ()
        journal.append(start_of(data, [f"{name}: {note}" for note in (*samples.notes, *outside)]))
        readable = Opened(judge.opened.dataset, replace(data, vocabulary=samples.vocabulary))
        write_artifacts(folder, judged.samples, judged.per_sequence, readable, {})
        done = Done(
            scores=judged.scores,
            hypotheses=len(judged.samples),
            copied=copied_share(judged.samples, data),
            seconds=0.0,
            wall_seconds=0.0,
        )
        journal.append(done)
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


def checksum(path: Path) -> str:
    """The sha256 of a file, or of the names and sums of a folder's files."""
    if not path.is_dir():
        return sha256(read_bytes(path))
    files = sorted(file for file in path.rglob("*") if file.is_file())
    sums = "".join(f"{file.relative_to(path)} {checksum(file)}\n" for file in files)
    return sha256(sums.encode())
