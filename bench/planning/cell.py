"""One cell of the matrix: everything that a job's numbers depend on, and nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from bench import __version__
from bench.contracts.checksum import sha256
from bench.contracts.knobs import knob
from bench.contracts.seeding import derive

Knobs = tuple[tuple[str, Any], ...]

REAL = "real"
"""The reference of the row that shows held-out data, or the oracle itself."""
ELSEWHERE = "score"
"""The reference of a row whose samples were made elsewhere, and the head of its baseline's name."""
NOT_IDENTITY = ("label", "reference", "dataset", "files", "dataset_files")
"""The fields of a cell that its numbers do not depend on."""


@dataclass(frozen=True)
class Evaluation:
    """How a cell is judged.

    At most `samples` sequences are drawn, and never more than the held-out split has: so every row of a table, *real*
    too, has the same number. `rule` says which checkpoint is judged: the last, or the best of the last phase that
    trains the generator, by held-out NLL (best-valid) or by the headline score (best-oracle). best-oracle peeks at the
    reported score, as the authors did, and the table says so.
    """

    samples: int = knob(10_000, low=2, help="sequences drawn for the final scores")
    curve_samples: int = knob(1_000, low=2, help="sequences drawn at each point of a learning curve")
    curve_every: int = knob(5, low=1, help="generator epochs between two points of a learning curve")
    rule: Literal["last", "best-valid", "best-oracle"] = knob(
        "last",
        help="which checkpoint is judged; best: of the last phase that trains the generator",
    )


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A job: (baseline + settings) x (dataset + fingerprint) x seed, and the traits of the machine that change bits.

    `label` names the row; `reference` and `dataset` say where the plug-ins are loaded from. All other fields are the
    cell's identity. `code` is the checksum of the files of the user's own plug-ins: an edited file makes a new cell.
    `bench` is the version that made the cell; the cell keeps its id under later versions.
    `files` and `dataset_files` name the knobs that are paths, with the checksums of those files. The identity holds the
    checksum in place of the path.
    """

    label: str
    reference: str
    baseline: str
    settings: Knobs
    dataset: str
    dataset_label: str
    dataset_settings: Knobs
    fingerprint: str
    seed: int
    evaluation: Evaluation
    threads: int = 1
    device: str = "cpu"
    code: str = ""
    bench: str = __version__
    files: Knobs = ()
    dataset_files: Knobs = ()

    @property
    def id(self) -> str:
        """16 hex digits: the folder of the journal, the tag of the MLflow run."""
        identity = {k: v for k, v in asdict(self).items() if k not in NOT_IDENTITY}
        for settings, files in (("settings", self.files), ("dataset_settings", self.dataset_files)):
            sums = dict(files)
            identity[settings] = tuple((name, sums.get(name, value)) for name, value in identity[settings])
        return sha256(json.dumps(identity, sort_keys=True))[:16]

    @property
    def identity(self) -> str:
        """The same for all seeds of the same settings, data and code."""
        return replace(self, seed=0).id

    def seed_for(self, purpose: str, *names: str | int) -> int:
        """Return a seed for one purpose of this cell: baselines are independent of one another, and of the evaluation.

        Variants of one baseline, and cells that differ in their evaluation only, begin with the same random numbers.
        """
        return derive(purpose, self.baseline, self.fingerprint, self.seed, *names)
