"""A job: one cell, in a worker, to a finished journal. A pure function of its cell; whatever fails, fails alone."""

from __future__ import annotations

import os
import shutil
import time
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.contracts.data import SequenceData
from bench.contracts.dataset import Opened
from bench.contracts.errors import ContractError, folded, named
from bench.contracts.generator import Generator
from bench.contracts.seeding import torch_rng
from bench.engine.driver import Driver, Interrupted
from bench.judging.copies import copied_share
from bench.judging.evaluator import Evaluator
from bench.planning import paths
from bench.planning.cell import REAL, Cell
from bench.plugins import checksum as code
from bench.plugins.open_dataset import open_dataset
from bench.records import kept_generator
from bench.records.artifacts import data_facts, write_artifacts
from bench.records.journal import Journal
from bench.records.runs import build_trainer, training_rng

if TYPE_CHECKING:
    from bench.contracts.trainer import Stateful
    from bench.toolkit.corpora.fetch import Corpora


LONGEST = 300  # characters of an error in tables; all of it is in error.log


@dataclass(frozen=True)
class Context:
    """What a job needs and its numbers do not depend on.

    When the file `stop` appears, jobs save and leave at the end of their epoch. `grace` is how many seconds a worker
    gets to leave then, and after its cell has ended.
    """

    runs: Path
    corpora: Corpora
    stop: Path
    checkpoint_seconds: float = 30.0
    grace: float = 15.0


def run(cell: Cell, context: Context) -> str:
    """Do the cell; returns done, failed or interrupted, which is also the last word of its journal once it began."""
    if context.stop.exists():
        return "interrupted"
    journal = Journal(context.runs / cell.id)
    (journal.folder / "error.log").unlink(missing_ok=True)
    try:
        _run(cell, context, journal)
    except Interrupted:
        journal.append("interrupted")
        return "interrupted"
    except BaseException as error:  # SystemExit too: a plug-in must not end the others, nor the run
        (journal.folder / "error.log").write_text(traceback.format_exc(), encoding="utf-8")
        journal.append("failed", error=f"{cell.label}: {_one_line(error)}")
        return "failed"
    return "done"


def _run(cell: Cell, context: Context, journal: Journal) -> None:
    _settle(cell)
    _refuse_edited(cell)
    evaluator, dataset = _dataset(cell, context)
    _refuse_changed(cell)
    journal.append("start", **data_facts(evaluator.data))
    began = time.perf_counter()
    generator, parts, seconds = _generator(cell, context, journal, evaluator, dataset)
    rng = torch_rng(cell.seed_for("evaluate", "final"), device=cell.device)
    judged = evaluator.judge(generator, cell.evaluation.samples, rng)
    _refuse_edited(cell)  # what was imported late is of the plan too
    _refuse_written(cell, evaluator.data)
    write_artifacts(journal.folder, judged.samples, judged.per_sequence, Opened(dataset, evaluator.data), parts)
    journal.append(
        "done",
        scores=judged.scores,
        hypotheses=len(judged.samples),
        copied=copied_share(judged.samples, evaluator.data),
        **({"profiles": judged.profiles} if judged.profiles else {}),
        seconds=round(seconds, 3),
        wall_seconds=round(time.perf_counter() - began, 3),
    )
    shutil.rmtree(journal.folder / "checkpoint", ignore_errors=True)


def _refuse_edited(cell: Cell) -> None:
    """ContractError where the files of the cell's plug-ins are not those that it was planned with."""
    if code.checksum(cell.reference, cell.dataset) != cell.code:
        plugins = {cell.reference: cell.baseline, cell.dataset: cell.dataset_label}
        names = " or ".join(label for reference, label in plugins.items() if code.checksum(reference))
        raise ContractError(f"the code of {names or cell.baseline} changed since it was planned: run again")


def _refuse_changed(cell: Cell) -> None:
    """ContractError if a file that a knob names is not the one that the cell was planned with."""
    for settings, files in ((cell.settings, cell.files), (cell.dataset_settings, cell.dataset_files)):
        for name, digest in files:
            if paths.checksum(path := dict(settings)[name]) != digest:
                raise ContractError(f"{path} changed since it was planned: run again")


def _refuse_written(cell: Cell, data: SequenceData) -> None:
    """ContractError if the cell's plug-ins changed the data: its scores are of other data than the table says."""
    if data.fingerprint_now() != cell.fingerprint:
        guilty = f"{cell.baseline}, or a metric of {cell.dataset_label},"
        raise ContractError(f"{guilty} wrote into the data it was given: copy what you change")


def _settle(cell: Cell) -> None:
    """Threads are part of the cell; on a GPU, full float32 (cuDNN's LSTM is three digits short by default).

    There sums are taken in a fixed order wherever torch can, at some cost, so that a resumed run ends on the same bits.
    """
    import torch

    torch.set_num_threads(cell.threads)
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True
    if cell.device != "cpu":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what CUDA's products need for it
        warnings.filterwarnings("ignore", message=".*deterministic")
    torch.use_deterministic_algorithms(cell.device != "cpu", warn_only=True)


def _generator(
    cell: Cell, context: Context, journal: Journal, evaluator: Evaluator, dataset: Any
) -> tuple[Generator, dict[str, Stateful], float]:
    """The trained generator, the parts of the trainer that it is made of, and the seconds spent training."""
    if cell.reference == REAL:
        return dataset.real(evaluator.data), {}, 0.0
    rng = training_rng(cell, cell.device)
    trainer = build_trainer(cell, evaluator.data, rng)
    driver = Driver(cell, trainer, evaluator, journal, rng, context.stop.exists, context.checkpoint_seconds)
    seconds = driver.run()  # first: a trainer may put another generator in the place of the one it began with
    return trainer.generator, kept_generator.parts_of(trainer), seconds


def _dataset(cell: Cell, context: Context) -> tuple[Evaluator, Any]:
    """The data and metrics of the cell; ContractError if the data is not what the cell was planned with."""
    opened = open_dataset(cell.dataset, dict(cell.dataset_settings), cell.dataset_label, context.corpora)
    if opened.data.fingerprint != cell.fingerprint:
        raise ContractError(f"the data of {cell.dataset_label} changed since it was planned: run again")
    metrics = opened.dataset.metrics(opened.data)
    return Evaluator(opened.data, metrics, cell.evaluation.rule), opened.dataset


def _one_line(error: BaseException) -> str:
    message = folded(error) if isinstance(error, ContractError) else named(error)
    return message if len(message) <= LONGEST else f"{message[:LONGEST]} ..."
