"""The append-only record of one cell on disk: the truth that MLflow and the tables are projections of.

A cell's folder holds: cell.json, journal.jsonl (below), and when done samples.txt, scores.parquet (one column a
metric, one row a sequence), generator.safetensors and generator.pt where the generator has a state (see
bench/records/kept_generator.py); error.log after a failure; checkpoint/ while running.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench.contracts.errors import BenchError, named
from bench.files import read_object, write_whole
from bench.planning import paths
from bench.planning.cell import Cell, Evaluation, Knobs

REMEDY = "the `bench run` that made the cell writes the file anew; or remove its folder"
FIRST = "0.1.0"  # the version that made the cells whose file names none


class Journal:
    """One JSON object a line: {"event": ..., "time": seconds since the epoch, ...facts}.

    Events: start (source, notes, sizes), epoch (phase, epoch, epochs, values), curve (phase, x, scores),
    phase (name, begins, ends, trains_generator; begins and ends in generator epochs), judged (phase, epoch, epochs:
    where the judged checkpoint stands), done (scores, seconds, hypotheses, copied: the share of the samples that equal
    a training row), failed (error), interrupted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "journal.jsonl"

    def append(self, event: str, **facts: Any) -> None:
        """Write one line; a torn line left by a killed process is closed first."""
        self.folder.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"event": event, "time": round(time.time(), 3), **facts}) + "\n"
        with self.path.open("ab+") as file:
            if file.tell() and not _ends_with_newline(self.path):
                line = "\n" + line
            file.write(line.encode())

    def read(self) -> list[dict[str, Any]]:
        """All whole lines, in order; torn ones, and what is no event, are passed over."""
        return list(self._lines()) if self.path.exists() else []

    def _lines(self) -> Iterator[dict[str, Any]]:
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and "event" in event:
                yield event


@dataclass(frozen=True)
class Record:
    """A cell and what its journal says."""

    cell: Cell
    folder: Path
    events: tuple[dict[str, Any], ...]

    @property
    def status(self) -> str:
        """pending, running, interrupted, done or failed: the last word of the journal."""
        last = next((e["event"] for e in reversed(self.events) if e["event"] in _STATES), "pending")
        return _STATES.get(last, last)

    def last(self, event: str) -> dict[str, Any]:
        """The facts of the latest event of that name; empty where there is none."""
        return next((e for e in reversed(self.events) if e["event"] == event), {})

    @property
    def scores(self) -> dict[str, dict[str, Any]]:
        """Metric -> {"value", "better", "signature"}; empty until done."""
        return self.last("done").get("scores", {}) if self.status == "done" else {}

    @property
    def curve(self) -> list[dict[str, Any]]:
        """Points {"x": generator epochs, "phase", "scores": {metric: value}}, one per x: a resumed run repeats some."""
        return [by_x for _, by_x in sorted({e["x"]: e for e in self.events if e["event"] == "curve"}.items())]

    @property
    def phases(self) -> list[dict[str, Any]]:
        """The phases that began, in order, each once."""
        return list({e["name"]: e for e in self.events if e["event"] == "phase"}.values())


def write_cell(cell: Cell, runs: Path) -> Path:
    """Make the cell's folder with its cell.json, atomically; returns the folder.

    The label there stays the one that it was first written with: a plan that calls the cell otherwise keeps its own. A
    damaged file is replaced.
    """
    folder = runs / cell.id
    if (folder / "cell.json").exists():
        with suppress(BenchError):
            cell = replace(cell, label=_read_cell(folder / "cell.json").label)
    write_whole(folder / "cell.json", json.dumps(asdict(_placed(cell, runs, paths.relative)), indent=1).encode())
    return folder


def read_record(folder: Path) -> Record:
    """The record kept in a cell's folder; BenchError where its cell.json is damaged."""
    return Record(_read_cell(folder / "cell.json"), folder, tuple(Journal(folder).read()))


def read_cells(runs: Path) -> Iterator[Cell]:
    """The cells of a runs folder, in order of their ids; damaged ones are passed over."""
    for path in sorted(runs.glob("*/cell.json")):
        with suppress(BenchError):
            yield _read_cell(path)


def _read_cell(path: Path) -> Cell:
    facts: dict[str, Any] = {"bench": FIRST, "files": [], "dataset_files": [], **read_object(path, REMEDY)}
    try:
        facts["evaluation"] = Evaluation(**facts["evaluation"])
        for key in ("settings", "dataset_settings", "files", "dataset_files"):
            facts[key] = tuple((name, _tuples(value)) for name, value in facts[key])
        return _placed(Cell(**facts), path.parent.parent, paths.restored)
    except (KeyError, TypeError, ValueError) as error:
        raise BenchError(f"{path} is damaged ({named(error)}): {REMEDY}") from None


def _placed(cell: Cell, runs: Path, place: Callable[[Knobs, set[str], Path], Knobs]) -> Cell:
    """The cell with its paths as they are kept (relative), or as they are used (absolute)."""
    settings = place(cell.settings, set(dict(cell.files)), runs)
    return replace(
        cell, settings=settings, dataset_settings=place(cell.dataset_settings, set(dict(cell.dataset_files)), runs)
    )


def _tuples(value: Any) -> Any:
    """JSON has lists only; a planned cell, which this one must equal, has tuples only."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


_STATES = {"start": "running", "interrupted": "interrupted", "done": "done", "failed": "failed"}
