"""Finished runs in a runs folder: find them, and bring their generators back without training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.contracts import chance
from bench.contracts.data import SequenceData
from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError, unknown
from bench.contracts.generator import Generator
from bench.contracts.knobs import build
from bench.contracts.seeding import torch_rng
from bench.planning import dataset_reference
from bench.planning.cell import ELSEWHERE, REAL, Cell
from bench.planning.dataset_reference import is_same_file
from bench.plugins import checksum as code
from bench.plugins import loading as plugins
from bench.plugins.open_dataset import open_dataset
from bench.records import generator_files
from bench.records import plans as kept_plans
from bench.records.journal import Record, read_record

if TYPE_CHECKING:
    import torch

    from bench.toolkit.corpora.fetch import Corpora


def finished(runs: Path, dataset: str | None = None) -> list[Record]:
    """The cells that are done, of one dataset if named, by label and seed."""
    records = [read_record(path.parent) for path in sorted(runs.glob("*/cell.json"))]
    done = [r for r in records if r.status == "done" and (dataset is None or is_of(r.cell, dataset))]
    return sorted(done, key=lambda record: (record.cell.label, record.cell.seed))


def of_plan(runs: Path, plan: str, dataset: str) -> list[Record]:
    """The plan's cells of a dataset, in the plan's order."""
    ids = kept_plans.read_all(runs).get(plan, {})
    records = [read_record(runs / key) for key in ids if (runs / key / "cell.json").exists()]
    return [record for record in records if is_of(record.cell, dataset)]


def is_of(cell: Cell, dataset: str) -> bool:
    """Whether the cell's dataset is the one named, as in the tables (text:reviews) or as for -d (text:reviews.csv)."""
    if dataset == cell.dataset_label or plugins.absolute(dataset) == cell.dataset:
        return True
    asked = dataset_reference.parse(dataset)
    file = str(dict(cell.dataset_settings).get("file") or "")
    same_file = bool(asked.file and file) and asked.plugin == cell.dataset and is_same_file(asked.file, file)
    return same_file and (not asked.named or asked.label == cell.dataset_label)


def of_label(runs: Path, label: str, dataset: str | None = None, plan: str | None = None) -> list[Record]:
    """The finished runs of a row, all of one dataset, one set of settings and one code, by seed; else BenchError.

    A row may be called differently in each plan, and any of its names will do; within a plan it is the one asked for
    last, as in the plan's tables. What is ambiguous without a plan is named, never chosen in silence.
    """
    records = finished(runs, dataset)
    kept = kept_plans.read_all(runs)
    if plan is not None:
        if plan not in kept:
            raise unknown(f"plan in {runs}", plan, kept)
        records = [record for record in records if record.cell.id in kept[plan]]
    if not records:
        of = f" of {dataset}" if dataset else ""
        raise BenchError(f"no finished run{of} in {runs}: `bench run` makes some, `bench status` lists them")
    names = {record.cell.id: names_of(record, kept, plan) for record in records}
    found = [record for record in records if label in names[record.cell.id]]
    if not found:
        raise unknown(f"finished run in {runs}", label, set().union(*names.values()))
    if len(datasets := sorted({record.cell.dataset_label for record in found})) > 1:
        raise BenchError(f"{label} was run on {', '.join(datasets)}: choose one with -d")
    if plan is not None:
        newest = max(found, key=lambda record: kept_plans.asked(kept[plan][record.cell.id]))
        found = [record for record in found if record.cell.identity == newest.cell.identity]
    if len({record.cell.identity for record in found}) > 1:
        cells = ", ".join(record.cell.id for record in found)
        raise BenchError(
            f"{label} was run with several settings, data or code (cells {cells}): say which with --plan, or give a "
            "cell in place of it"
        )
    return found


def names_of(record: Record, plans: Mapping[str, Mapping[str, kept_plans.Facts]], plan: str | None = None) -> set[str]:
    """What the cell and its plans call it, or the one plan."""
    key, own = record.cell.id, record.cell.label
    if plan is not None:
        return {plans[plan][key].get("label", own)}
    return {own, *(cells[key].get("label", own) for cells in plans.values() if key in cells)}


def by_id(runs: Path, text: str) -> Record | None:
    """The cell of that id, or of the only id that begins so (six digits at least); None where there is none."""
    found = sorted(path.parent for path in runs.glob("*/cell.json") if path.parent.name.startswith(text))
    if len(text) < 6 or not found:
        return None
    if len(found) > 1:
        raise BenchError(f"{text} begins {len(found)} cells in {runs}: give more of its digits")
    record = read_record(found[0])
    if record.status != "done":
        raise BenchError(f"cell {record.cell.id} ({record.cell.label}) is {record.status}, not done")
    return record


def reopened(cell: Cell, corpora: Corpora) -> Opened:
    """The cell's dataset as it was when the cell ran; BenchError where the corpus at hand is another."""
    opened = open_dataset(cell.dataset, dict(cell.dataset_settings), cell.dataset_label, corpora)
    if opened.data.fingerprint != cell.fingerprint:
        raise BenchError(
            f"{cell.label} seed {cell.seed} was run on other data (fingerprint {cell.fingerprint}, here "
            f"{opened.data.fingerprint}): give the --data and --corpus that it was run with"
        )
    return opened


def generator(record: Record, opened: Opened) -> Generator:
    """The generator as it was judged: built from the cell's settings, given the weights that the run kept."""
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
    trainer = build_trainer(cell, opened.data, training_rng(cell, "cpu"))
    if not generator_files.read(record.folder, trainer) and any(phase.epochs for phase in trainer.phases()):
        raise BenchError(f"{cell.label} keeps no weights in {record.folder}: its generator cannot be brought back")
    kept: Generator = trainer.generator
    return kept


def build_trainer(cell: Cell, data: SequenceData, rng: torch.Generator) -> Any:
    """The cell's trainer, untrained, on the device of `rng`; global generators start from a seed of the cell's."""
    cls = plugins.load("bench.baselines", cell.reference)
    settings = build(cls.Settings, dict(cell.settings), cell.label)
    with chance.seeded(cell.seed_for("global", "construction"), rng.device):
        return cls(data, settings, rng.device, rng)


def training_rng(cell: Cell, device: str) -> torch.Generator:
    """The generator that a cell's trainer is given, as training starts."""
    return torch_rng(cell.seed_for("train"), device=device)


def seeds(records: Sequence[Record]) -> str:
    """ "0, 1, 2"."""
    return ", ".join(str(record.cell.seed) for record in records)
