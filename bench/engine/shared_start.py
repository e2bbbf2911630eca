"""Starts: the result of a first phase, kept in the runs folder, so that arms of one seed train it once.

A start is a pure function of the data, the seed, the knobs of its phase and the code that trains it. A cell gets the
same bits whether it trains the start itself or finds it. The folder is written whole: the first cell that ends the
phase keeps it. Two cells that train the same start at the same time both do the work.

A start also holds its parts at each point of the learning curve. An arm whose generator is not itself a part of the
start, such as one that samples it at a temperature, has a curve of its own: it is taken from these points.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.contracts.checksum import sha256
from bench.contracts.errors import ContractError
from bench.contracts.generator import Generator
from bench.contracts.seeding import derive
from bench.contracts.trainer import Phase, Start, Stateful
from bench.planning.cell import Cell
from bench.plugins import checksum as code
from bench.records import checkpoint
from bench.records.events import Curve, Epoch, Event, from_line, to_line

if TYPE_CHECKING:
    import torch

FOLDER = "starts"
"""The folder of all starts, in the runs folder."""
POINTS = "curve"
"""The folder of the points of the learning curve, in that of a start, and in that of a cell's checkpoints before."""
TOOLKIT = "bench.toolkit."


@dataclass(frozen=True)
class Kept:
    """What was read of a start: its folder, its epochs, the seconds of their training, and their journal.

    `points` are the epochs at which the arm is yet to take its own learning curve; empty if the journal has it.
    """

    folder: Path
    epochs: int
    seconds: float
    events: tuple[Event, ...]
    points: tuple[int, ...]


@dataclass(frozen=True)
class SharedStart:
    """The start of a cell's first phase, and its place in the runs folder."""

    cell: Cell
    phase: Phase
    start: Start
    runs: Path

    @cached_property
    def key(self) -> str:
        """16 hex digits that depend on everything that the start and its learning curve depend on."""
        cell = self.cell
        depends = {
            "made by": self._made_by,
            "code": code.checksum(*((cell.dataset,) if self._ours else (cell.dataset, cell.reference))),
            "phase": (self.phase.name, self.phase.epochs, self.phase.trains_generator),
            "knobs": dict(self.start.knobs),
            "dataset": (cell.dataset, cell.dataset_settings, cell.dataset_files, cell.fingerprint),
            "machine": (cell.threads, cell.device, cell.bench),
            "seed": cell.seed,
            "curve": (cell.evaluation.curve_samples, cell.evaluation.curve_every),
        }
        return sha256(json.dumps(depends, sort_keys=True))[:16]

    @property
    def folder(self) -> Path:
        """Return where the start is kept if code of this package alone trained it in a process of its own."""
        return self.runs / FOLDER / self.key

    @cached_property
    def own_folder(self) -> Path:
        """Return where this cell keeps the start.

        Code of the user's in the process may have changed what trains it, though it is not meant to. Only cells of the
        same code find such a start.
        """
        own = code.checksum(self.cell.reference)
        return self.folder.with_name(f"{self.key}-{own[:16]}") if own and self._ours else self.folder

    def seed_for(self, purpose: str, *names: str | int) -> int:
        """Return a seed for one purpose of the start. It does not depend on the arm, nor on the knobs."""
        return derive(purpose, FOLDER, self.phase.name, self.cell.fingerprint, self.cell.seed, *names)

    def shows(self, generator: Generator) -> bool:
        """Return whether the learning curve of the start is that of the generator: it is itself a part of the start."""
        parts: list[object] = [*self.start.parts.values()]
        return any(part is generator for part in parts)

    def find(self, generator: Generator) -> Kept | None:
        """Return what is kept of the start for an arm with this generator; None if it is not kept.

        A damaged start is removed.
        """
        for folder in dict.fromkeys((self.folder, self.own_folder)):
            if (kept := self._find(folder, generator)) is not None:
                return kept
            shutil.rmtree(folder, ignore_errors=True)
        return None

    def _find(self, folder: Path, generator: Generator) -> Kept | None:
        found = next(checkpoint.positions(self._place(folder)), None)
        if found is None:
            return None
        own = not (found.get("shown") and self.shows(generator))
        points = tuple(found.get("points", ()))
        if own and not all(self._is_whole(folder, point) for point in points):
            return None
        events = [event for line in found["events"] if (event := from_line(line)) is not None]
        kept = [event for event in events if not (own and isinstance(event, Curve))]
        return Kept(folder, found["epochs"], found["seconds"], tuple(kept), points if own else ())

    def load(self, rng: torch.Generator, folder: Path, point: int | None = None) -> None:
        """Load the parts from a start's folder as they are at a point of the curve, or at the end of the phase."""
        place = self._place(folder if point is None else folder / POINTS / str(point))
        parts = self.start.parts if point is None else self._parts
        if checkpoint.load(place, parts, rng).position is None:
            raise ContractError(f"the start {self.key} was damaged while the cell ran: run again")

    def keep_point(self, rng: torch.Generator, point: int, folder: Path) -> None:
        """Write the parts that a generator may be made of, at a point of the curve, into a cell's folder of points.

        Without room the point is missing: a cell that needs it trains its own start.
        """
        with suppress(OSError):
            checkpoint.save(self._place(folder / str(point)), self._parts, rng, {})

    def keep(
        self, rng: torch.Generator, epochs: int, seconds: float, journal: Sequence[Event], points: Path, *, shown: bool
    ) -> None:
        """Write the start, with the events of its phase in the journal, if there is room and no cell was first.

        The folder of points moves into it. `shown` says whether the curve in the journal is that of a part itself.
        """
        events = _of_phase(journal, self.phase.name)
        found: dict[str, Any] = {"epochs": epochs, "seconds": seconds, "events": [to_line(event) for event in events]}
        found |= {"shown": shown, "points": [event.x for event in events if isinstance(event, Curve)]}
        partial = self.own_folder.with_name(f"{self.key}.{self.cell.id}.{os.getpid()}.partial")
        with suppress(OSError):  # no room; or the folder is there, and the other cell's bits are the same
            checkpoint.save(self._place(partial), self.start.parts, rng, found)
            with suppress(FileNotFoundError):  # there are none if the phase does not train the generator
                points.rename(partial / POINTS)
            partial.rename(self.own_folder)
        shutil.rmtree(partial, ignore_errors=True)

    @property
    def _parts(self) -> dict[str, Stateful]:
        """Return the parts but the optimisers, of which no generator is made."""
        import torch

        return {name: part for name, part in self.start.parts.items() if not isinstance(part, torch.optim.Optimizer)}

    def _place(self, folder: Path) -> checkpoint.Place:
        return checkpoint.Place(folder, self.key, "start")

    def _is_whole(self, folder: Path, point: int) -> bool:
        return next(checkpoint.positions(self._place(folder / POINTS / str(point))), None) is not None

    @property
    def _made_by(self) -> list[str]:
        """Return the names of the functions and classes that train the start."""
        made_by: list[Any] = [self.phase.step, self.start.begin, *map(type, self.start.parts.values())]
        return [f"{thing.__module__}.{thing.__qualname__}" for thing in made_by]

    @property
    def _ours(self) -> bool:
        """Return whether the toolkit alone trains the start, so that no code of the plug-in changes its bits."""
        return all(name.startswith((TOOLKIT, "torch.")) for name in self._made_by)


def _of_phase(journal: Sequence[Event], phase: str) -> list[Event]:
    """Return the phase's epochs and points of the curve, each once: a resumed cell writes some of them twice."""
    epochs = {event.epoch: event for event in journal if isinstance(event, Epoch) and event.phase == phase}
    points = {event.x: event for event in journal if isinstance(event, Curve) and event.phase == phase}
    return [*epochs.values(), *points.values()]
