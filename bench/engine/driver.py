"""Drive a trainer's phases, one epoch at a time: curves, checkpoints, divergence checks, the checkpoint rule.

The rules best-valid and best-oracle choose among the curve's points in the last phase that trains the generator. Each
of these comes after an epoch of that phase, so no arm is judged by a checkpoint of its pre-training.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bench.contracts import chance
from bench.contracts.errors import ContractError
from bench.contracts.guards.trainer import check_finite, check_parameters, check_state, checked_phases, checked_values
from bench.contracts.metric import Score
from bench.contracts.seeding import torch_rng
from bench.contracts.trainer import Phase, Trainer
from bench.engine import work
from bench.engine.shared_start import POINTS, Kept, SharedStart
from bench.judging.evaluator import Evaluator, log_prob_of
from bench.planning.cell import Cell
from bench.records import checkpoint, events
from bench.records.events import Curve, Epoch, Judged, PhaseStart, Refused
from bench.records.journal import Journal
from bench.toolkit.metrics.nll import per_sequence_nll

if TYPE_CHECKING:
    import torch


class Interrupted(Exception):
    """The user stopped the run; the checkpoint is written."""


@dataclass
class Position:
    """How far training came: the phase, its next epoch, and x, the epochs that trained the generator so far.

    `best` is the lowest loss by the checkpoint rule so far, in the phase that the rule looks at. `trained` is the
    number of epochs of the last phase that trained the generator.
    """

    phase: int = 0
    epoch: int = 0
    x: int = 0
    seconds: float = 0.0
    best: float | None = None
    trained: int = 0


@dataclass
class Driver:
    """Runs one trainer through its schedule.

    Evaluation has random generators of its own, so the trained weights are the same with and without a curve. Each
    epoch seeds the global generators for itself, so training continues alike after a checkpoint. The driver asks for
    the trainer's state at each use, since the trainer may have replaced a part.
    """

    cell: Cell
    trainer: Trainer
    evaluator: Evaluator
    journal: Journal
    rng: torch.Generator
    stop: Callable[[], bool]
    checkpoint_seconds: float

    def __post_init__(self) -> None:
        folder = self.journal.folder / "checkpoint"
        self.last = checkpoint.Place(folder, self.cell.id)
        self.best = checkpoint.Place(folder / "best", self.cell.id, "best")
        self.points = folder / POINTS
        self.position = Position()
        self.phases: list[Phase] = []
        self.saved = time.monotonic()
        self.unsaved = False
        self.seed_for = self.cell.seed_for
        self.shared: SharedStart | None = None

    def run(self) -> float:
        """Train to the end, from the last checkpoint if there is one, and return the total seconds of training."""
        check_state(self.trainer.state())
        own = self.rng.get_state()
        restored = checkpoint.load(self.last, self.trainer.state(), self.rng, self._lacks_its_best)
        if restored.position is not None:
            self.position = Position(**restored.position)
        if restored.refused:
            where = "training starts anew" if restored.position is None else "an older checkpoint is taken"
            self.journal.append(Refused(message=f"{'; '.join(restored.refused)}; {where}"))
        with self._seeded("phases"):
            self.phases = checked_phases(self.trainer.phases())
        for index in range(self.position.phase, len(self.phases)):
            if (start := self.phases[index].start) is None:
                self._phase(self.phases[index])
            else:
                self._shared(SharedStart(self.cell, self.phases[index], start, self.journal.folder.parent), own)
            self.position.phase, self.position.epoch = index + 1, 0
        self._choose()
        return self.position.seconds

    def _shared(self, shared: SharedStart, own: torch.Tensor) -> None:
        """Train the first phase from the random numbers of its start, or take its result if another cell kept it.

        `own` is the state of the trainer's generator of random numbers, which goes on from there after the phase.
        """
        at, phase = self.position, shared.phase
        chosen = self.cell.evaluation.rule != "last" and phase is judged_phase(self.phases)
        sharable = phase.epochs > 0 and not chosen
        kept = shared.find(self.trainer.generator) if sharable and at.epoch == 0 else None
        if at.epoch == 0:
            self.rng.manual_seed(shared.seed_for("train"))
            shared.start.begin(self.rng)
        self.seed_for = shared.seed_for
        if kept is not None:
            self._take(shared, kept)
        else:
            self.shared = shared if sharable else None
            self._phase(phase)
        self.seed_for, self.shared = self.cell.seed_for, None
        seconds = kept.seconds if kept else at.seconds
        if sharable and kept is None:
            shown = shared.shows(self.trainer.generator)
            shared.keep(self.rng, at.epoch, seconds, self.journal.read(), self.points, shown=shown)
        self.journal.append(events.SharedStart(key=shared.key, found=kept is not None, seconds=round(seconds, 3)))
        self.rng.set_state(own)

    def _take(self, shared: SharedStart, kept: Kept) -> None:
        """Go on from the end of a phase that another cell trained, with its part of the journal."""
        at, phase = self.position, shared.phase
        self._begin(phase)
        for event in kept.events:
            self.journal.append(event)
        for point in kept.points:  # the curve of the arm's own generator
            shared.load(self.rng, kept.folder, point)
            at.x = point
            self._curve(phase)
        shared.load(self.rng, kept.folder)
        at.epoch = at.trained = kept.epochs
        at.x = kept.epochs if phase.trains_generator else 0

    def _choose(self) -> None:
        """Restore the checkpoint that the rule chooses to be judged, and journal its phase and epoch."""
        judged = judged_phase(self.phases)
        if judged is None:
            return
        epoch = self.position.trained
        if self.cell.evaluation.rule != "last":
            kept = checkpoint.load(self.best, self.trainer.state(), self.rng, self._is_not_the_best).position
            if kept is None or self.phases[kept["phase"]] is not judged:
                raise ContractError("the best checkpoint was damaged while the cell ran: run again")
            epoch = kept["epoch"]
        self.journal.append(Judged(phase=judged.name, epoch=epoch, epochs=judged.epochs))

    def _lacks_its_best(self, position: Mapping[str, Any]) -> str:
        """Return why training cannot go on from a position: "" if its best checkpoint, or a better one, is whole.

        A better one was kept later, and training from the position makes it again.
        """
        best = position["best"]
        if best is None or any(kept["best"] <= best for kept in checkpoint.positions(self.best)):
            return ""
        return "the best checkpoint before it is damaged or missing"

    def _is_not_the_best(self, kept: Mapping[str, Any]) -> str:
        return "" if kept["best"] == self.position.best else "another checkpoint was better"

    def _seeded(self, *names: str | int) -> AbstractContextManager[None]:
        """Seed the global generators for one piece of the training; the names tell the pieces apart."""
        return chance.seeded(self.seed_for("global", *names), self.rng.device)

    def _begin(self, phase: Phase) -> None:
        at = self.position
        begins = at.x - at.epoch if phase.trains_generator else at.x
        ends = begins + phase.epochs if phase.trains_generator else begins
        trains = phase.trains_generator
        self.journal.append(
            PhaseStart(name=phase.name, epochs=phase.epochs, begins=begins, ends=ends, trains_generator=trains)
        )

    def _phase(self, phase: Phase) -> None:
        at = self.position
        self._begin(phase)
        if phase.trains_generator and at.x == 0:
            self._curve(phase)
        while at.epoch < phase.epochs and not finished(phase):
            self._epoch(phase)
            if self.stop():
                self._save()
                raise Interrupted
            if time.monotonic() - self.saved > self.checkpoint_seconds:
                self._save()
        if phase.trains_generator and at.epoch:
            at.trained = at.epoch

    def _epoch(self, phase: Phase) -> None:
        at = self.position
        with self._seeded(phase.name, at.epoch), work.counting() as made:
            began = time.perf_counter()
            values = checked_values(phase.step(), phase.name)
            seconds = time.perf_counter() - began
        at.epoch, at.seconds = at.epoch + 1, at.seconds + seconds
        self.journal.append(
            Epoch(
                phase=phase.name,
                epoch=at.epoch,
                epochs=phase.epochs,
                seconds=round(seconds, 4),
                updates=made.count,
                values=values,
            )
        )
        check_finite(values, phase.name, at.epoch)
        check_parameters(self.trainer.state(), phase.name, at.epoch)
        if phase.trains_generator:
            at.x += 1
            if at.x % self.cell.evaluation.curve_every == 0 or at.epoch == phase.epochs or finished(phase):
                self._curve(phase)

    def _curve(self, phase: Phase) -> None:
        """Score the generator, and keep a checkpoint of it if the rule finds it the best so far."""
        at, evaluation = self.position, self.cell.evaluation
        rng = torch_rng(self.seed_for("evaluate", "curve", at.x), device=self.rng.device)
        judged = self.evaluator.of_curves().judge(self.trainer.generator, evaluation.curve_samples, rng)
        values = {name: score.value for name, score in judged.scores.items()}
        self.journal.append(Curve(x=at.x, phase=phase.name, scores=values))
        if self.shared is not None:
            self.shared.keep_point(self.rng, at.x, self.points)
        if evaluation.rule == "last" or phase is not judged_phase(self.phases) or not at.epoch:
            return
        loss = self._valid_nll() if evaluation.rule == "best-valid" else _headline_loss(judged.scores)
        if at.best is None or loss < at.best:
            at.best = loss
            checkpoint.save(self.best, self.trainer.state(), self.rng, asdict(at))

    def _valid_nll(self) -> float:
        data = self.evaluator.data
        log_prob = log_prob_of(self.trainer.generator, data, self.rng.device)
        if log_prob is None:
            raise ContractError("the checkpoint rule best-valid needs a generator with log_prob")
        return float(per_sequence_nll(log_prob, data.valid, data.vocabulary.end).mean())

    def _save(self) -> None:
        """Write a checkpoint. If that fails, as on a full disk, training goes on without it, and one line says so."""
        try:
            checkpoint.save(self.last, self.trainer.state(), self.rng, asdict(self.position))
        except OSError as error:
            if not self.unsaved:
                text = f"no checkpoint: cannot write {error.filename}: {error.strerror}; training goes on"
                with suppress(OSError):  # the journal may have no room either
                    self.journal.append(Refused(message=text))
            self.unsaved = True
        self.saved = time.monotonic()


def judged_phase(phases: Sequence[Phase]) -> Phase | None:
    """Return the last phase that trains the generator for an epoch or more; None if none does."""
    return next((phase for phase in reversed(phases) if phase.trains_generator and phase.epochs), None)


def finished(phase: Phase) -> bool:
    """Return whether the phase ends before its last epoch, as early stopping does."""
    return phase.finished is not None and phase.finished()


def _headline_loss(scores: Mapping[str, Score]) -> float:
    headline = next(iter(scores.values()))
    if headline.value is None:
        raise ContractError("the checkpoint rule best-oracle needs a headline score that is defined")
    return headline.value if headline.better == "lower" else -headline.value
