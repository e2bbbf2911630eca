"""The append-only journal of one cell on disk. MLflow and the tables are made from it.

A cell's folder holds cell.json and journal.jsonl. A finished cell also has samples.txt, scores.parquet (a column per
metric, a row per sequence), and generator.safetensors and generator.pt if its generator has a state (see
bench/records/generator_files.py). error.log is there after a failure, checkpoint/ while the cell runs. The journal of a
finished cell ends with its seal (see bench/records/seal.py).
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

from bench.contracts.checksum import sha256
from bench.contracts.errors import BenchError, named
from bench.contracts.metric import Score
from bench.files import plain_bytes, plain_file, read_object, telling_room, write_whole
from bench.planning import paths
from bench.planning.cell import Cell, Knobs
from bench.records import seal
from bench.records.cell_file import cell_of
from bench.records.events import (
    Beside,
    Curve,
    Diverged,
    Done,
    Event,
    Failed,
    Interrupted,
    OutOfMemory,
    PhaseStart,
    Sealed,
    Start,
    TimedOut,
    to_line,
)
from bench.records.seal import Story

REMEDY = "repeat the `bench run` that made the cell to write the file again, or remove its folder"

Status = Literal[
    "pending", "running", "interrupted", "done", "failed", "timed out", "out of memory", "diverged", "damaged"
]
FAILURES: tuple[Status, ...] = ("failed", "timed out", "out of memory", "diverged")
"""The states of a cell that ended without scores. `bench run` tries it again."""
E = TypeVar("E", bound=Event)


class Journal:
    """The file journal.jsonl in a cell's folder. Each line is one event of bench/records/events.py."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "journal.jsonl"

    def append(self, event: Event) -> None:
        """Write one line with the present time. First end a torn line that a killed process left."""
        self._write(self._closing() + self._line(event))

    def finish(self, *last: Done | Beside) -> None:
        """Write the last lines of a cell: these events, then the checksums of its files and of the journal so far.

        All lines are written at once. OSError if a file cannot be read.
        """
        told = (replace(event, sealed=True) if isinstance(event, Done) else event for event in last)
        head = self._closing() + b"".join(map(self._line, told))
        before = (plain_bytes(self.path) if self.path.exists() else b"") + head
        self._write(head + self._line(Sealed(files=seal.checksums(self.folder), journal=sha256(before))))

    def read(self) -> list[Event]:
        """Return all events, in order, without torn lines and lines that are no event."""
        return list(self.story().events)

    def story(self) -> Story:
        """Return all events, and what is wrong with the journal or its cell."""
        try:
            return seal.read(plain_bytes(self.path), self.folder)
        except FileNotFoundError:
            return Story((), "", None, ())
        except OSError as error:
            return Story((), f"journal.jsonl cannot be read ({error.strerror})", None, ())

    def read_from(self, place: int) -> tuple[list[Event], int]:
        """Return the events after the byte `place`, and the place after the last whole line.

        Only what is new is read; nothing is opened if the file has not grown. A shorter file is another one: it is read
        from its beginning.
        """
        try:
            size = self.path.stat().st_size
        except OSError:  # it is not there, or its folder is none
            size = 0
        if size == place:
            return [], place
        place = place if place < size else 0
        with suppress(OSError), plain_file(self.path) as file:
            file.seek(place)
            whole, newline, _ = file.read().rpartition(b"\n")  # a line that is being written is read the next time
            return list(seal.events_of(whole)), place + len(whole) + len(newline)
        return [], 0

    def set_aside(self) -> None:
        """Begin anew in the folder of a damaged cell: rename the journal to journal.damaged.jsonl, drop checkpoints."""
        shutil.rmtree(self.folder / "checkpoint", ignore_errors=True)
        with suppress(FileNotFoundError):
            self.path.replace(self.folder / "journal.damaged.jsonl")

    def _write(self, lines: bytes) -> None:
        """Write the lines; if that fails, OSError, and no part of them remains."""
        with telling_room(self.path, len(lines)):
            self.folder.mkdir(parents=True, exist_ok=True)
            before = self.path.stat().st_size if self.path.exists() else 0
            try:
                with plain_file(self.path, append=True) as file:
                    file.write(lines)
            except OSError:
                with suppress(OSError):
                    os.truncate(self.path, before)
                raise

    def _line(self, event: Event) -> bytes:
        return (json.dumps(to_line(replace(event, time=round(time.time(), 3)))) + "\n").encode()

    def _closing(self) -> bytes:
        """Return the newline that ends a torn line; empty if there is none."""
        return b"" if not self.path.exists() or _ends_with_newline(self.path) else b"\n"


@dataclass(frozen=True)
class Record:
    """A cell and the events that its journal held when it was read.

    `damage` says what is wrong with the journal or the files of the cell; "" if nothing is. `seal` holds the checksums
    of what a finished cell left; None if the cell is not done, or if an older version made it.
    """

    cell: Cell
    folder: Path
    events: tuple[Event, ...]
    damage: str = ""
    seal: Sealed | None = None

    @property
    def status(self) -> Status:
        """Return the state of the cell: damaged, or what its last event with a state tells."""
        if self.damage:
            return "damaged"
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
        """Return the scores by metric, those of the user's own metrics last; empty unless the cell is done."""
        if self.done is None:
            return {}
        own = {event.metric: event.scores for event in self.all(Beside)}
        return {**self.done.scores, **{name: score for scores in own.values() for name, score in scores.items()}}

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
    itself. A damaged file is replaced; one that holds the cell already is not written again.
    """
    folder = runs / cell.id
    path = folder / "cell.json"
    if path.exists():
        with suppress(BenchError):
            cell = replace(cell, label=read_cell(folder).label)
    content = json.dumps(asdict(_placed(cell, runs, paths.relative)), indent=1).encode()
    with suppress(OSError):
        if plain_bytes(path) == content:
            return folder
    write_whole(path, content)
    return folder


def ends(record: Record) -> tuple[float, float]:
    """Return the times of the latest start and of the last event; the present if there is none."""
    now, start = time.time(), record.last(Start)
    return start.time if start else now, record.events[-1].time if record.events else now


def read_record(folder: Path) -> Record:
    """Read the record in a cell's folder; BenchError if its cell.json is damaged."""
    return record_of(read_cell(folder), folder)


def record_of(cell: Cell, folder: Path) -> Record:
    """Read the journal of a cell that is known."""
    story = Journal(folder).story()
    return Record(cell, folder, story.events, story.damage, story.seal)


def checked_record_of(cell: Cell, folder: Path) -> Record:
    """Read the journal of a cell that is known, and check all files of its seal: a changed file is damage."""
    record = record_of(cell, folder)
    if record.damage or record.seal is None:
        return record
    faults = seal.faults(folder, record.seal)
    return replace(record, damage="; ".join(f"{name} {fault}" for name, fault in faults.items()))


def read_cell(folder: Path) -> Cell:
    """Read the cell of a folder; BenchError if its cell.json is damaged or tells of a cell with another id."""
    path = folder / "cell.json"
    content = read_object(path, REMEDY)
    try:
        cell = _placed(cell_of(content), folder.parent, paths.restored)
    except (KeyError, TypeError, ValueError, AttributeError, BenchError) as error:
        raise BenchError(f"{path} is damaged ({named(error)}): {REMEDY}") from None
    if cell.id != folder.name:
        raise BenchError(f"{path} is damaged (it describes cell {cell.id}): {REMEDY}")
    return cell


def _placed(cell: Cell, runs: Path, place: Callable[[Knobs, set[str], Path], Knobs]) -> Cell:
    """Return the cell with its paths passed through `place`: relative for cell.json, absolute for use."""
    settings = place(cell.settings, set(dict(cell.files)), runs)
    return replace(
        cell, settings=settings, dataset_settings=place(cell.dataset_settings, set(dict(cell.dataset_files)), runs)
    )


def _ends_with_newline(path: Path) -> bool:
    """Return whether a file is empty or ends with a newline."""
    with plain_file(path) as file:
        if not file.seek(0, os.SEEK_END):
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


_STATES: dict[type[Event], Status] = {
    Start: "running",
    Interrupted: "interrupted",
    Done: "done",
    Failed: "failed",
    TimedOut: "timed out",
    OutOfMemory: "out of memory",
    Diverged: "diverged",
}
