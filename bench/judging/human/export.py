"""Collect the texts of a sheet: held-out ones, samples of finished runs, and samples made elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench.contracts.errors import BenchError
from bench.files import read_bytes
from bench.judging.comparable import open_of_run
from bench.judging.human.sheet import Sheet, make_sheet
from bench.judging.samples import Cleaning
from bench.judging.samples_file import read
from bench.planning.cell import REAL
from bench.records import seal
from bench.records.journal import Record
from bench.records.runs import RunsFolder
from bench.toolkit.corpora.fetch import Corpora
from bench.toolkit.corpora.reading.decoding import decoded


class Prepared(NamedTuple):
    """The texts of a file as the dataset would print them, and the remarks and notes about them."""

    texts: list[str]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """The runs behind a sheet: the dataset's *real* row, and the run of each model by its label."""

    real: Record
    models: Mapping[str, Record]

    def sheet(self, elsewhere: Mapping[str, Prepared], *, n: int, seed: int) -> Sheet:
        """Return a sheet with n texts of each origin, drawn and shuffled by seed; see `make_sheet`."""
        texts = {label: _lines(record) for label, record in self.models.items()}
        texts |= {name: found.texts for name, found in elsewhere.items()}
        cells = {label: record.cell.id for label, record in {REAL: self.real, **self.models}.items()}
        return make_sheet(_lines(self.real), texts, n, seed, self.real.cell.dataset_label, cells)


def shown(
    runs: RunsFolder, dataset: str, labels: Sequence[str], *, plan: str | None = None, run_seed: int = 0
) -> Shown:
    """Return the *real* row and the runs with this seed; BenchError if one is absent or was made from other data."""
    real = _one(runs, plan, dataset, REAL, 0)
    models = {label: _one(runs, plan, dataset, label, run_seed) for label in labels}
    for label, record in models.items():
        if record.cell.fingerprint != real.cell.fingerprint:
            raise BenchError(f"{label} ({record.folder}) learned from other data than {real.folder} holds out")
    return Shown(real, models)


def prepared(files: Mapping[str, Path], cleaning: Cleaning, real: Record, corpora: Corpora) -> dict[str, Prepared]:
    """Read each file as the dataset would print it, so that no mark or capital letter gives its texts away."""
    opened = open_of_run(real.cell, corpora)
    found = {name: read(path, "auto", opened, None, None, cleaning) for name, path in files.items()}
    return {
        name: Prepared(
            [samples.vocabulary.decode(row) for row in samples.sequences.tolist()],
            (*samples.notes, *map(str, samples.remarks)),
        )
        for name, samples in found.items()
    }


def _one(runs: RunsFolder, plan: str | None, dataset: str, label: str, seed: int) -> Record:
    found = [record for record in runs.of_label(label, dataset, plan) if record.cell.seed == seed]
    if not found:
        raise BenchError(f"no finished run of {label} with seed {seed}; choose another with --run-seed")
    return found[0]


def _lines(record: Record) -> list[str]:
    path = record.folder / "samples.txt"
    seal.check(record.folder, record.seal, path.name)
    return decoded(read_bytes(path), str(path))
