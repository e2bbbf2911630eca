"""Rebuild the objects of a cell: its dataset, its trainer before training, and the generator of a finished run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.contracts import chance
from bench.contracts.data import SequenceData
from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.generator import Generator
from bench.contracts.knobs import build
from bench.contracts.seeding import torch_rng
from bench.planning.cell import ELSEWHERE, REAL, Cell
from bench.plugins import checksum as code
from bench.plugins import loading as plugins
from bench.plugins.open_dataset import open_dataset
from bench.records import generator_files, seal
from bench.records.journal import Record

if TYPE_CHECKING:
    import torch

    from bench.toolkit.corpora.fetch import Corpora


def reopen(cell: Cell, corpora: Corpora) -> Opened:
    """Return the dataset that the cell was planned for; BenchError if its data has changed."""
    opened = open_dataset(cell.dataset, dict(cell.dataset_settings), cell.dataset_label, corpora)
    if opened.data.fingerprint != cell.fingerprint:
        raise BenchError(
            f"the data of {cell.dataset_label} is not that of {cell.label} seed {cell.seed} (fingerprint "
            f"{cell.fingerprint}, here {opened.data.fingerprint}): give the --data and --corpus that it was planned "
            "with, or run again"
        )
    return opened


def generator(record: Record, opened: Opened) -> Generator:
    """Return the generator as it was judged: built from the cell's knobs, with the weights that the run kept.

    BenchError if the cell is a file of samples, if its code changed, or if the run kept no weights.
    """
    cell = record.cell
    if cell.reference == ELSEWHERE:
        raise BenchError(f"{cell.label} is a file of samples made elsewhere: there is no generator to draw from")
    if cell.code != code.checksum(cell.reference, cell.dataset):
        raise BenchError(
            f"{cell.label} seed {cell.seed}: its plug-in's code changed since it was run; bring it back, or run again"
        )
    if cell.reference == REAL:
        real: Generator = opened.dataset.real(opened.data)
        return real
    seal.check(record.folder, record.seal, generator_files.WEIGHTS, generator_files.REST)
    trainer = build_trainer(cell, opened.data, training_rng(cell, "cpu"))
    if not generator_files.read(record.folder, trainer) and any(phase.epochs for phase in trainer.phases()):
        raise BenchError(f"{cell.label} keeps no weights in {record.folder}: its generator cannot be brought back")
    kept: Generator = trainer.generator
    return kept


def build_trainer(cell: Cell, data: SequenceData, rng: torch.Generator) -> Any:
    """Return the cell's trainer before training, on the device of `rng`. Seeds the global generators from the cell."""
    cls, settings = plugins.load("bench.baselines", cell.reference), settings_of(cell)
    with chance.seeded(cell.seed_for("global", "construction"), rng.device):
        return cls(data, settings, rng.device, rng)


def settings_of(cell: Cell) -> Any:
    """Return the knobs of the cell's trainer."""
    return build(plugins.load("bench.baselines", cell.reference).Settings, dict(cell.settings), cell.label)


def training_rng(cell: Cell, device: str) -> torch.Generator:
    """Return the random number generator of a cell's trainer, in its state at the start of training."""
    return torch_rng(cell.seed_for("train"), device=device)
