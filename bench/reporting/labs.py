"""One table of the packs of several labs. Each row says whose it is, and whether its scores came out again here.

A row is claimed, re-scored (from its samples and weights), or re-trained (`bench verify FILE.zip --retrain ROW`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.contracts.errors import BenchError
from bench.judging.retrained import Again, all_again
from bench.judging.verify import WRONG, Finding
from bench.planning.cell import REAL
from bench.records import encoding
from bench.records.journal_frame import frame_of, per_sequence_of
from bench.reporting import latex, render, to_csv
from bench.reporting.build import build_tables
from bench.reporting.paper import paper
from bench.reporting.table import Table
from bench.reporting.unpack import Checked, examine, unpacked

if TYPE_CHECKING:
    import pandas as pd

    from bench.toolkit.corpora.fetch import Corpora


class Lab(NamedTuple):
    """The runs of a pack as a frame, their scores per sequence by run, and what is wrong with the pack.

    A pack with a fault has no runs: no row of it is shown.
    """

    name: str
    frame: pd.DataFrame
    sequences: dict[str, pd.DataFrame]
    faults: tuple[str, ...]


class Joined(NamedTuple):
    """The tables of several labs, and a line for each fault of a pack that is left out."""

    tables: list[Table]
    left_out: list[str]


def join(paths: Sequence[Path], corpora: Corpora, reference: str | None = None) -> Joined:
    """Verify the packs and return their tables; BenchError if two files have one name, or no pack is sound."""
    names = [path.stem for path in paths]
    if twin := next((name for name in names if names.count(name) > 1), None):
        raise BenchError(f"two packs are called {twin}: rename one, since rows are told apart by the file's name")
    labs = [_lab(path, corpora) for path in paths]
    left_out = [f"left out, {lab.name}: {fault}" for lab in labs for fault in lab.faults]
    sound = [lab for lab in labs if not lab.faults]
    if not sound:
        raise BenchError(f"no pack is sound: {left_out[0]}; `bench verify` lists all")
    sequences = {run: scores for lab in sound for run, scores in lab.sequences.items()}
    tables = build_tables(_concatenated(sound), paper(), sequences.__getitem__, {}, reference)
    return Joined(tables, left_out)


def contents(tables: Sequence[Table]) -> dict[str, bytes]:
    """Return file name -> bytes: each table as LaTeX, Markdown and CSV."""
    files: dict[str, bytes] = {}
    for table in tables:
        files[f"{table.spec.file}-labs.tex"] = latex.wide(table).encode()
        files[f"{table.spec.file}-labs.md"] = render.markdown(table).encode()
        files[f"{table.spec.file}-labs.csv"] = to_csv.table_csv(table).encode()
    return files


def _lab(path: Path, corpora: Corpora) -> Lab:
    with unpacked(path) as found:
        checked = examine(found, corpora)
        faults = _faults(checked)
        if faults:
            return Lab(path.stem, encoding.frame(()), {}, faults)
        frame, read = frame_of(found.runs, found.plan), per_sequence_of(found.runs)
        sequences = {f"{path.stem}/{key}": read(key) for key in dict.fromkeys(frame["run_id"])}
        marks = _marks(frame, checked.findings, all_again(found.runs.of_plan(found.plan)))
    labels = [label if label == REAL else f"{label} ({path.stem}: {marks[label]})" for label in frame["label"]]
    frame = frame.assign(label=labels, run_id=[f"{path.stem}/{key}" for key in frame["run_id"]])
    return Lab(path.stem, frame, sequences, ())


def _faults(checked: Checked) -> tuple[str, ...]:
    wrong = (f"cell {one.cell} {one.state}: {'; '.join(one.notes)}" for one in checked.findings if one.state in WRONG)
    return (*checked.faults, *wrong)


def _marks(frame: pd.DataFrame, findings: Sequence[Finding], trained: Sequence[Again]) -> dict[str, str]:
    """Return label -> how its scores came out again here: claimed, re-scored or re-trained.

    If some of its runs were trained again, the mark says how many; if scores came out otherwise, within what.
    """
    claimed = {one.cell for one in findings if one.state == "claimed"}
    again = {one.cell: one for one in trained}
    by_label = frame[frame["status"] == "done"].groupby("label")["cell"].agg(set)
    marks = dict.fromkeys(map(str, frame["label"]), "claimed")
    for label, cells in by_label.items():
        made = [again[cell] for cell in sorted(cells & again.keys())]
        scored = "claimed" if cells & claimed else "re-scored"
        marks[str(label)] = _trained(made, len(cells), scored) if made else scored
    return marks


def _trained(made: Sequence[Again], runs: int, scored: str) -> str:
    """Return the mark of a row of which some runs were trained again."""
    count = "" if len(made) == runs else f" {len(made)} of {runs}"
    largest = max(made, key=lambda one: one.largest)
    return f"re-trained{count}" if largest.same else f"{scored}, re-trained{count} within {largest.largest:.2g}"


def _concatenated(labs: Sequence[Lab]) -> pd.DataFrame:
    """Return the rows of all labs; of *real* those of the first lab that has it on the dataset."""
    import pandas as pd

    kept, known = [], set[str]()
    for lab in labs:
        real = lab.frame["label"] == REAL
        kept.append(lab.frame[~(real & lab.frame["dataset"].isin(known))])
        known |= set(lab.frame["dataset"][real])
    return pd.concat(kept, ignore_index=True)
