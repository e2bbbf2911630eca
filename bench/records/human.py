"""Imported human scores, and their form on disk and in MLflow."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench.contracts.errors import BenchError
from bench.contracts.visible import visible
from bench.files import read_bytes, safe_name, write_whole


@dataclass(frozen=True, kw_only=True)
class HumanScore:
    """Share of answers "real", its 95 % interval, and p against the reference after Holm's adjustment.

    p is None for the reference itself. With a single rater, the interval and p are None. `cell` is the id of the run
    whose samples were judged, "" if the samples were made elsewhere.
    """

    value: float
    low: float | None
    high: float | None
    p: float | None
    raters: int
    items: int
    cell: str = ""

    def __str__(self) -> str:
        """Return the score as tables show it."""
        return f"{self.value:.4f}" + ("" if self.low is None else f" [{self.low:.3f}, {self.high:.3f}]")


@dataclass(frozen=True, kw_only=True)
class Collected:
    """The scores of one import: origin ("real", or a model's label) -> score, and how far the raters agree.

    `items` is the number of texts on the sheet. `reference` is the model that the others are tested against.
    """

    dataset: str
    seal: str
    raters: int
    items: int
    reference: str
    test: str
    fleiss_kappa: float | None
    krippendorff_alpha: float | None
    scores: Mapping[str, HumanScore]

    @property
    def agreement(self) -> str:
        """Return the agreement in words; "-" stands for an undefined value."""
        kappa, alpha = (_number(value) for value in (self.fleiss_kappa, self.krippendorff_alpha))
        return f"Fleiss' kappa {kappa}, Krippendorff's alpha {alpha}"

    def note(self) -> str:
        """Return the note under a table: who judged, the test, the agreement."""
        tested = ", ".join(f"{origin} {score.p:.3g}" for origin, score in self.scores.items() if score.p is not None)
        alone = self.raters == 1
        who = "by 1 rater" if alone else f"with its 95 % interval, by {self.raters} raters"
        few = " One rater says nothing of others: no interval, no test." if alone else ""
        few = " Two raters are few: the intervals are too narrow and p is too small." if self.raters == 2 else few
        return (
            f"Human score: share judged real, {who} who saw {self.items} texts; {self.agreement}."
            + (f" p against {self.reference} ({self.test}): {tested}." if tested else "")
            + few
        )

    def shown(self, origins: Collection[str]) -> Collected:
        """Return the scores of these origins; p is left out if the reference is not among them."""
        kept = {origin: score for origin, score in self.scores.items() if origin in origins}
        if self.reference not in kept:
            kept = {origin: replace(score, p=None) for origin, score in kept.items()}
        return replace(self, scores=kept)

    def to_json(self) -> str:
        """Return JSON that `from_json` reads."""
        return visible(json.dumps(asdict(self), indent=1, ensure_ascii=False), "\n")

    @classmethod
    def from_json(cls, text: str | bytes, where: str) -> Collected:
        """Read what `to_json` wrote. A BenchError that names `where` if the text is damaged."""
        try:
            content: dict[str, Any] = json.loads(text)
            scores = {origin: HumanScore(**value) for origin, value in content.pop("scores").items()}
            return cls(**content, scores=scores)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BenchError(f"{where}: damaged; run `bench human import` again") from None


def save(runs: Path, collected: Collected) -> Path:
    """Write runs/human/<dataset>.json and return its path; `load` reads it. BenchError if it cannot be written."""
    path = runs / "human" / f"{safe_name(collected.dataset)}.json"
    try:
        write_whole(path, f"{collected.to_json()}\n".encode())
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}") from None
    return path


def load(runs: Path) -> list[Collected]:
    """Return the saved scores, one entry per dataset, sorted by file name; empty if nothing was imported."""
    return [Collected.from_json(read_bytes(path), str(path)) for path in sorted(runs.glob("human/*.json"))]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
