"""The append-only journal of one cell on disk. MLflow and the tables are made from it.

A cell's folder holds cell.json and journal.jsonl. A finished cell also has samples.txt, scores.parquet (a column per
metric, a row per sequence), and generator.safetensors and generator.pt if its generator has a state (see
bench/records/generator_files.py). error.log is there after a failure, checkpoint/ while the cell runs.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from bench.contracts.errors import BenchError, named
from bench.contracts.metric import Score
from bench.files import read_object, write_whole
from bench.planning import paths
from bench.planning.cell import Cell, Evaluation, Knobs
from bench.records.events import (
    Curve,
    Done,
    Event,
    Failed,
    Interrupted,
    OutOfMemory,
    PhaseStart,
    Start,
    TimedOut,
    from_line,
    to_line,
)

REMEDY = "repeat the `bench run` that made the cell to write the file again, or remove its folder"
FIRST = "0.1.0"  # a cell file without a version was written by this one

Status = Literal["pending", "running", "interrupted", "done", "failed", "timed out", "out of memory"]
FAILURES: tuple[Status, ...] = ("failed", "timed out", "out of memory")
"""The states of a cell that ended without scores. `bench run` tries it again."""
E = TypeVar("E", bound=Event)


class Journal:
    """The file journal.jsonl in a cell's folder. Each line is one event of bench/records/events.py."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "journal.jsonl"

    def append(self, event: Event) -> None:
        """Write one event with the present time. If a killed process left a torn line, end that line first."""
        self.folder.mkdir(parents=True, exist_ok=True)
        line = json.dumps(to_line(replace(event, time=round(time.time(), 3)))) + "\n"
        with self.path.open("ab+") as file:
            if file.tell() and not _ends_with_newline(self.path):
                line = "\n" + line
            file.write(line.encode())

    def read(self) -> list[Event]:
        """Return all events, in order. Torn lines and lines that are not events are left out."""
        return list(self._events()) if self.path.exists() else []

    def _events(self) -> Iterator[Event]:
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                event = from_line(json.loads(line))
            except ValueError:
                continue
            if event is not None:
                yield event


@dataclass(frozen=True)
class Record:
    """A cell and the events that its journal held when it was read."""

    cell: Cell
    folder: Path
    events: tuple[Event, ...]

    @property
    def status(self) -> Status:
        """Return the state of the cell, as its last event with a state tells it."""
        for event in reversed(self.events):
            if (state := _STATES.get(type(event))) is not None:
                return state
        return "pending"

    def last(self, kind: type[E]) -> E | None:
        """Return the last event of a kind; None if there is none."""
        return next(self._latest(kind), None)

    def all(self, kind: type[E]) -> list[E]:
        """Return the events of a kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def done(self) -> Done | None:
        """Return the event that ended the cell; None unless the cell is done."""
        return self.last(Done) if self.status == "done" else None

    @property
    def failure(self) -> Failed | None:
        """Return why the cell failed; None unless it failed, timed out or was out of memory."""
        return self.last(Failed) if self.status in FAILURES else None

    @property
    def scores(self) -> Mapping[str, Score]:
        """Return the scores by metric; empty unless the cell is done."""
        return self.done.scores if self.done else {}

    @property
    def curve(self) -> list[Curve]:
        """Return the points of the learning curves, sorted by x, one per x. A resumed run writes some of them twice."""
        return [point for _, point in sorted({point.x: point for point in self.all(Curve)}.items())]

    @property
    def phases(self) -> list[PhaseStart]:
        """Return the phases that began, in order, each once."""
        return list({phase.name: phase for phase in self.all(PhaseStart)}.values())

    def _latest(self, kind: type[E]) -> Iterator[E]:
        return (event for event in reversed(self.events) if isinstance(event, kind))


def write_cell(cell: Cell, runs: Path) -> Path:
    """Make the cell's folder with its cell.json, atomically, and return the folder.

    cell.json keeps the label that it was first written with. A plan that gives the cell another label keeps that label
    itself. A damaged file is replaced.
    """
    folder = runs / cell.id
    if (folder / "cell.json").exists():
        with suppress(BenchError):
            cell = replace(cell, label=read_cell(folder).label)
    write_whole(folder / "cell.json", json.dumps(asdict(_placed(cell, runs, paths.relative)), indent=1).encode())
    return folder


def read_record(folder: Path) -> Record:
    """Read the record in a cell's folder; BenchError if its cell.json is damaged."""
    return Record(read_cell(folder), folder, tuple(Journal(folder).read()))


def read_cell(folder: Path) -> Cell:
    """Read the cell of a folder; BenchError if its cell.json is damaged."""
    path = folder / "cell.json"
    content: dict[str, Any] = {"bench": FIRST, "files": [], "dataset_files": [], **read_object(path, REMEDY)}
    try:
        content["evaluation"] = Evaluation(**content["evaluation"])
        for key in ("settings", "dataset_settings", "files", "dataset_files"):
            content[key] = tuple((name, _tuples(value)) for name, value in content[key])
        return _placed(Cell(**content), folder.parent, paths.restored)
    except (KeyError, TypeError, ValueError) as error:
        raise BenchError(f"{path} is damaged ({named(error)}): {REMEDY}") from None


def _placed(cell: Cell, runs: Path, place: Callable[[Knobs, set[str], Path], Knobs]) -> Cell:
    """Return the cell with its paths passed through `place`: relative for cell.json, absolute for use."""
    settings = place(cell.settings, set(dict(cell.files)), runs)
    return replace(
        cell, settings=settings, dataset_settings=place(cell.dataset_settings, set(dict(cell.dataset_files)), runs)
    )


def _tuples(value: Any) -> Any:
    """Turn lists into tuples: JSON has lists only, and a planned cell, which must equal this one, has tuples only."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


_STATES: dict[type[Event], Status] = {
    Start: "running",
    Interrupted: "interrupted",
    Done: "done",
    Failed: "failed",
    TimedOut: "timed out",
    OutOfMemory: "out of memory",
}
