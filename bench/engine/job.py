"""A job: one cell, in a worker, to a finished journal. A pure function of its cell; whatever fails, fails alone."""

from __future__ import annotations

import shutil
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench.contracts.data import TokenArray
from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError, ContractError, DivergedError, folded, named, type_name
from bench.contracts.generator import Generator
from bench.contracts.guards.dataset import check_origin, check_unchanged, rest_checksum
from bench.contracts.seeding import torch_rng
from bench.contracts.visible import visible
from bench.engine.conformance import quick
from bench.engine.driver import Driver, Interrupted
from bench.engine.settle import settle
from bench.engine.work import tokens_sampled
from bench.files import free_bytes, write_whole
from bench.judging.copies import copied_share
from bench.judging.evaluator import Evaluator
from bench.planning import paths
from bench.planning.cell import REAL, Cell
from bench.plugins import checksum as code
from bench.plugins import folders
from bench.plugins import loading as plugins
from bench.records import events, fence, generator_files
from bench.records.artifacts import start_of, write_artifacts
from bench.records.journal import Journal, record_of
from bench.records.revive import build_trainer, reopen, training_rng

if TYPE_CHECKING:
    from bench.contracts.trainer import Stateful
    from bench.toolkit.corpora.fetch import Corpora


TIME_LIMIT = 6 * 3600.0
"""Seconds that a cell may go on without news, unless the user says otherwise."""
TAKEN = "taken"
"""The outcome of a job whose cell another process is at work on."""
LONGEST = 300  # characters of an error in tables; more of it is in error.log
MOST_LOG = 1_000_000  # characters of error.log, the last ones


@dataclass(frozen=True)
class Context:
    """What a job needs that its numbers do not depend on.

    When the file `stop` appears, jobs save and leave at the end of their epoch. A worker then has `grace` seconds to
    leave, and as long after its cell has ended.

    `time_limit` is the longest time without news of a cell, such as the end of an epoch, in seconds. `memory_limit` is
    what the cells at work may use together, in bytes; None stands for most of the machine's memory. Both are for the
    processes of this machine.
    """

    runs: Path
    corpora: Corpora
    stop: Path
    checkpoint_seconds: float = 30.0
    grace: float = 15.0
    time_limit: float = TIME_LIMIT
    memory_limit: int | None = None

    @property
    def own_shelves(self) -> Path:
        """Return the folder of what the user's trainers make of data; it lasts as long as the run."""
        return self.stop.with_name(f"{self.stop.name}.shelves")


def run(cell: Cell, context: Context) -> str:
    """Run the cell; return the state in which it ended, which its journal tells too once the cell began.

    That is done, failed, diverged, out of memory or interrupted; or TAKEN, if another process is at work on the cell:
    then nothing is done. A cell that another process has finished is done.
    """
    if context.stop.exists():
        return "interrupted"
    journal = Journal(context.runs / cell.id)
    try:
        with fence.held(journal.folder / fence.NAME, remove=True):
            done = record_of(cell, journal.folder).status == "done"
            return "done" if done else _attempt(cell, context, journal)
    except fence.Taken:
        return TAKEN
    except (BenchError, OSError) as error:  # no lock; an attempt journals its own errors
        return _fail(cell, journal, error)


def _attempt(cell: Cell, context: Context, journal: Journal) -> str:
    """Run the cell and journal how it ended."""
    (journal.folder / "error.log").unlink(missing_ok=True)
    try:
        _run(cell, context, journal)
    except BaseException as error:  # SystemExit too: a plug-in must not end the run
        if type(error) is Interrupted and context.stop.exists():  # and not one that a plug-in raises
            with suppress(OSError):  # no room: without this line, the next run resumes the cell all the same
                journal.append(events.Interrupted())
            return "interrupted"
        return _fail(cell, journal, error)
    return "done"


def _fail(cell: Cell, journal: Journal, error: BaseException) -> str:
    kind = events.OutOfMemory if _lacks_memory(error) else events.Failed
    kind = events.Diverged if _is_a(error, DivergedError) else kind
    with suppress(OSError):  # no room: the process that wanted the cell says so
        journal.append(kind(error=f"{cell.label}: {_one_line(error)}"))
    _keep_traceback(error, journal.folder / "error.log")
    return kind.NAME


def unrecorded(cell: Cell, runs: Path) -> events.Failed:
    """Return what to journal of a cell whose process could not write how it ended."""
    path = Journal(runs / cell.id).path
    return events.Failed(error=f"{cell.label}: cannot write {path}: {free_bytes(path) or 0:,} bytes are free there")


def _lacks_memory(error: BaseException) -> bool:
    """Return whether the error says that there was no memory: Python's, torch's on a GPU, or torch's on the CPU."""
    torchs = type_name(error) == "OutOfMemoryError" or "DefaultCPUAllocator: can't allocate" in folded(error)
    return _is_a(error, MemoryError) or torchs


def _is_a(error: BaseException, *kinds: type[BaseException]) -> bool:
    """Return whether the error is of one of the kinds, whatever its `__class__` says or raises."""
    return issubclass(type(error), kinds)


def _keep_traceback(error: BaseException, path: Path) -> None:
    """Write the traceback, if it can be made and written: the journal already says that the cell failed."""
    try:
        text = "".join(traceback.format_exception(error))
    except BaseException:  # a plug-in's exception can do anything when it is printed
        text = "".join(traceback.format_tb(error.__traceback__)) + named(error)
    with suppress(OSError):
        write_whole(path, visible(text[-MOST_LOG:], "\n\t").encode())


def _run(cell: Cell, context: Context, journal: Journal) -> None:
    settle(cell)
    _refuse_edited(cell)
    opened = _on_own_shelf(cell, context, reopen(cell, context.corpora))
    evaluator = Evaluator.of(opened, cell.evaluation.rule)
    if cell.reference != REAL:
        plugins.load("bench.baselines", cell.reference)
    settle(cell)  # again: all plug-ins are imported now
    _refuse_changed(cell)
    check_origin(evaluator.data, cell.origin, cell.dataset_label)
    rest = rest_checksum(evaluator.data)
    journal.append(start_of(evaluator.data))
    began = time.perf_counter()
    generator, parts, seconds = _generator(cell, context, journal, evaluator, opened)
    rng = torch_rng(cell.seed_for("evaluate", "final"), device=cell.device)
    judged = evaluator.judge(generator, cell.evaluation.samples, rng)
    _refuse_edited(cell)  # late imports must be as planned too
    writers = f"{cell.baseline}, or a metric of {cell.dataset_label},"
    check_unchanged(evaluator.data, cell.fingerprint, rest, writers)
    write_artifacts(journal.folder, judged.samples, judged.per_sequence, opened, parts)
    done = events.Done(
        scores=judged.scores,
        hypotheses=len(judged.samples),
        copied=copied_share(judged.samples, evaluator.data),
        profiles=judged.profiles or None,
        seconds=round(seconds, 3),
        wall_seconds=round(time.perf_counter() - began, 3),
        memory=_most_memory(),
        tokens=tokens_sampled(cell, evaluator.data),
    )
    if code.checksum(cell.reference):
        done = replace(done, problems=_problems(cell, generator, evaluator, judged.samples))
    journal.finish(done)
    shutil.rmtree(journal.folder / "checkpoint", ignore_errors=True)


def _problems(cell: Cell, generator: Generator, evaluator: Evaluator, judged: TokenArray) -> list[str]:
    """Return what the quick checks find wrong with the trained generator, when all of the cell's numbers are taken."""
    rng = torch_rng(cell.seed_for("conformance"), device=cell.device)
    return quick.problems(generator, evaluator.data, judged, rng)


def _on_own_shelf(cell: Cell, context: Context, opened: Opened) -> Opened:
    """Return the dataset; for a trainer of the user's, what is made of the data is kept apart from what others read.

    The code of such a trainer may have changed what makes it. It still reads what others made.
    """
    if not (own := code.checksum(cell.reference)) or not opened.data.shelves:
        return opened
    shelf = context.own_shelves / own[:16]
    return opened._replace(data=opened.data.kept_in((shelf, *opened.data.shelves)))


def _most_memory() -> int | None:
    """Return the most bytes that this process has held; None on Windows, which does not tell."""
    try:
        import resource
    except ImportError:
        return None
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found if sys.platform == "darwin" else 1024 * found


def _refuse_edited(cell: Cell) -> None:
    """Raise ContractError if the files of the cell's plug-ins changed since it was planned."""
    if code.checksum(cell.reference, cell.dataset) != cell.code:
        labels = {cell.reference: cell.baseline, cell.dataset: cell.dataset_label}
        names = " or ".join(label for reference, label in labels.items() if code.checksum(reference))
        raise ContractError(f"the code of {names or cell.baseline} changed since it was planned: run again")


def _refuse_changed(cell: Cell) -> None:
    """Raise ContractError if a file that a knob names changed since the cell was planned."""
    for settings, files in ((cell.settings, cell.files), (cell.dataset_settings, cell.dataset_files)):
        for name, digest in files:
            if paths.checksum(path := dict(settings)[name]) != digest:
                raise ContractError(f"{path} changed since it was planned: run again")


def _generator(
    cell: Cell, context: Context, journal: Journal, evaluator: Evaluator, opened: Opened
) -> tuple[Generator, dict[str, Stateful], float]:
    """Return the trained generator, the parts of the trainer that it is made of, and the seconds spent training."""
    if cell.reference == REAL:
        return opened.dataset.real(opened.data), {}, 0.0
    rng = training_rng(cell, cell.device)
    trainer = build_trainer(cell, evaluator.data, rng)
    driver = Driver(cell, trainer, evaluator, journal, rng, context.stop.exists, context.checkpoint_seconds)
    seconds = driver.run()  # first, since a trainer may replace its generator
    return trainer.generator, generator_files.parts_of(trainer), seconds


def _one_line(error: BaseException) -> str:
    ours = _is_a(error, BenchError, ContractError)
    message = folded(error) if ours else folders.plain(named(error))
    return message if len(message) <= LONGEST else f"{message[:LONGEST]} ..."
