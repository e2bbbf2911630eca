"""Human scores as they are kept after an import, and as the table shows them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.contracts.errors import BenchError
from bench.files import read_bytes, write_whole
from bench.judging.human.agreement import fleiss_kappa, krippendorff_alpha
from bench.judging.human.answers import Answers
from bench.judging.human.scores import TEST, HumanScore, score
from bench.judging.human.sheet import Sheet


@dataclass(frozen=True)
class Collected:
    """What one import says of a dataset: origin ("real", or a model's label) -> score, and how far raters agree.

    `items` are all the texts on the sheet; `reference` is the model that the others are tested against.
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
        """In words, "-" where it is undefined."""
        kappa, alpha = (_number(value) for value in (self.fleiss_kappa, self.krippendorff_alpha))
        return f"Fleiss' kappa {kappa}, Krippendorff's alpha {alpha}"

    def note(self) -> str:
        """What stands under a table: who judged, the test, the agreement."""
        tested = ", ".join(f"{origin} {score.p:.3g}" for origin, score in self.scores.items() if score.p is not None)
        alone = self.raters == 1
        who = "by 1 rater" if alone else f"with its 95 % interval, by {self.raters} raters"
        few = " One rater says nothing of others: no interval, no test." if alone else ""
        few = " Two raters are few: such intervals are too narrow, such p too small." if self.raters == 2 else few
        return (
            f"Human score: share judged real, {who} who saw {self.items} texts; {self.agreement}."
            + (f" p against {self.reference} ({self.test}): {tested}." if tested else "")
            + few
        )

    def shown(self, origins: Collection[str]) -> Collected:
        """Of those origins only, and without tests where the reference is not among them."""
        kept = {origin: score for origin, score in self.scores.items() if origin in origins}
        if self.reference not in kept:
            kept = {origin: replace(score, p=None) for origin, score in kept.items()}
        return replace(self, scores=kept)

    def to_json(self) -> str:
        """Read back by `from_json`."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes, where: str) -> Collected:
        """BenchError where the text is damaged."""
        try:
            facts: dict[str, Any] = json.loads(text)
            scores = {origin: HumanScore(**value) for origin, value in facts.pop("scores").items()}
            return cls(**facts, scores=scores)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BenchError(f"{where}: damaged; run `bench human import` again") from None


def collect(sheet: Sheet, answers: Answers, reference: str = "seqgan") -> Collected:
    """Score the answers."""
    return Collected(
        sheet.dataset,
        sheet.seal,
        len(answers.raters),
        len(sheet.items),
        reference,
        TEST,
        fleiss_kappa(answers.judged_real),
        krippendorff_alpha(answers.judged_real),
        score(sheet, answers, reference),
    )


def save(runs: Path, collected: Collected) -> Path:
    """Keep as runs/human/<dataset>.json, which is replaced as a whole; `load` reads it back."""
    path = runs / "human" / f"{quote(collected.dataset, safe='')}.json"
    try:
        write_whole(path, f"{collected.to_json()}\n".encode())
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}") from None
    return path


def load(runs: Path) -> list[Collected]:
    """What was kept, a dataset each, by name; none where no answers were imported."""
    return [Collected.from_json(read_bytes(path), str(path)) for path in sorted(runs.glob("human/*.json"))]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
