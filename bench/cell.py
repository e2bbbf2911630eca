"""One cell of the matrix: everything a job's numbers depend on, and nothing else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from bench import __version__
from bench.seeding import derive

Knobs = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Evaluation:
    """How a cell is judged. `rule` is the checkpoint rule; best-oracle peeks, and the table says so."""

    samples: int = 10_000
    curve_samples: int = 1_000
    curve_every: int = 5
    temperature: float = 1.0
    rule: str = "last"


@dataclass(frozen=True)
class Cell:
    """A job: (baseline + settings) x (dataset + fingerprint) x seed, and the machine facts that change bits.

    `label` and `dataset_label` only name the row and the table; all other fields are the cell's identity. `code` is the
    checksum of a plug-in given by path, so that editing her file makes a new cell.
    """

    label: str
    baseline: str
    settings: Knobs
    dataset_label: str
    dataset: str
    dataset_settings: Knobs
    fingerprint: str
    seed: int
    evaluation: Evaluation
    threads: int = 1
    device: str = "cpu"
    code: str = ""

    @property
    def id(self) -> str:
        """16 hex digits: the folder of the journal, the tag of the MLflow run."""
        identity = {k: v for k, v in asdict(self).items() if k not in ("label", "dataset_label")}
        text = json.dumps({"bench": __version__, **identity}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def seed_for(self, purpose: str, *names: str | int) -> int:
        """A seed for one purpose of this cell; arms are independent of one another, and of the evaluation."""
        return derive(purpose, self.baseline, self.fingerprint, self.seed, *names)
