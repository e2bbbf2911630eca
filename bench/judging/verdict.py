"""Judge a file of samples, keep it as a row, and collect the remarks and notes on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.judging import strange
from bench.judging.copies import copied_share
from bench.judging.evaluator import Judgement
from bench.judging.judge import Anchor, Judge, Test, weigh
from bench.judging.keep import keep
from bench.judging.remark import Remark
from bench.judging.samples import Samples
from bench.planning.cell import REAL
from bench.records.journal import Record
from bench.records.runs import RunsFolder
from bench.records.scores import to_json


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The scores of a file, its anchors and tests, its stored row, and the remarks and notes on it.

    `plan` is the plan that the row enters, None if it enters none; `tracked` says whether it is written to MLflow.
    """

    judge: Judge
    found: Samples
    judged: Judgement
    anchors: Sequence[Anchor]
    tests: Sequence[Test]
    record: Record
    remarks: Sequence[Remark]
    notes: Sequence[str]
    plan: str | None
    tracked: bool

    def plain(self) -> dict[str, Any]:
        """Return the whole verdict as values that JSON can hold."""
        cell, data = self.record.cell, self.judge.opened.data
        return {
            "name": cell.label,
            "dataset": cell.dataset_label,
            "dataset_settings": dict(cell.dataset_settings),
            "source": asdict(data.source),
            "fingerprint": cell.fingerprint,
            "file": dict(cell.settings)["file"],
            "format": self.found.format,
            "sha256": cell.code,
            "hypotheses": len(self.found.sequences),
            "outside_vocabulary": self.found.outside,
            "copied_from_training": copied_share(self.judged.samples, data),
            "outside_tokens": dict(sorted(self.found.strangers.items(), key=lambda item: (-item[1], item[0]))),
            "cleaned": dict(self.found.cleaned),
            "scores": to_json(self.judged.scores),
            "anchors": {a.label: {"hypotheses": a.hypotheses, "scores": to_json(a.scores)} for a in self.anchors},
            "tests": [test._asdict() | {"difference": test.difference._asdict()} for test in self.tests],
            "notes": [*data.notes, *self.notes, *map(str, self.remarks)],
            "cell": cell.id,
            "folder": str(self.record.folder),
            "plan": self.plan,
            "tracked": self.tracked,
        }


def verdict(
    judge: Judge,
    found: Samples,
    *,
    name: str,
    file: Path,
    runs: RunsFolder,
    plan: str | None = None,
    tracked: bool = False,
) -> Verdict:
    """Score samples, test them against stored runs, and keep them under `runs` as a finished row called `name`.

    `runs` does not see the new row.
    """
    judged, anchors, rivals, same, tests = weigh(judge, found, runs, plan, name)
    record = keep(judge, name, file, found, judged, runs)
    notes = (
        *found.notes,
        *fewer_anchors(found, anchors),
        *undefined(judge, found),
        *untested(rivals, same, tests),
        *(f"not tested: {row} {why}" for row, why in runs.hurt(record.cell.dataset_label, plan).items()),
        *other_counts(runs.of_plan(plan, record.cell.dataset_label) if plan else (), plan, record),
    )
    return Verdict(
        judge=judge,
        found=found,
        judged=judged,
        anchors=anchors,
        tests=tests,
        record=record,
        remarks=remarks(judge, found, anchors),
        notes=notes,
        plan=plan,
        tracked=tracked,
    )


def remarks(judge: Judge, found: Samples, anchors: Sequence[Anchor]) -> tuple[Remark, ...]:
    """Return what is strange about the samples, the corpus and its *real* row."""
    opened, owner = judge.opened, judge.real.dataset_label.partition(":")[0]
    said = [*found.remarks, *strange.of_corpus(opened, owner)]
    if opened.data.source.kind == "sample":
        said.append(
            Remark("SAMPLE CORPUS: made by the code; no number here is comparable with a published one", loud=True)
        )
    scores = next(anchor.scores for anchor in anchors if anchor.label == REAL)
    others = (
        strange.cut(found.cut, len(found.sequences), opened.data, owner, dict(judge.real.dataset_settings)),
        strange.real_at_nought(scores, opened, owner),
    )
    return (*said, *(remark for remark in others if remark))


def fewer_anchors(found: Samples, anchors: Sequence[Anchor]) -> Iterator[str]:
    """Yield a line if the anchors hold fewer sequences than the file."""
    if fewer := sorted({anchor.hypotheses for anchor in anchors} - {len(found.sequences)}):
        yield (
            f"real and random are of {fewer[0]} sequences, all that are held out: beside them, and beside runs, "
            f"Self-BLEU is comparable with --samples {fewer[0]} only"
        )


def undefined(judge: Judge, found: Samples) -> Iterator[str]:
    """Yield a line with the metrics that are undefined because of words outside the vocabulary."""
    if names := judge.evaluator.unasked(found.sequences):
        yield (
            f"{', '.join(names)}: undefined, as the samples hold words outside the vocabulary; a metric that can judge "
            "them says unknown_words = 'miss', see bench/contracts/metric.py"
        )


def untested(rivals: Sequence[Record], same: Sequence[Record], tests: Sequence[Test]) -> Iterator[str]:
    """Yield why some stored runs are not tested. `same` are the rivals that were made from the same data."""
    if len(rivals) > len(same):
        yield f"{len(rivals) - len(same)} stored runs were made from other data; --plan NAME prepares it as a plan did"
    if len(same) > 1 and not tests:
        yield (
            "no stored run has the same signatures; make the numbers of sequences equal, with --samples here or "
            "--set evaluation.samples=N there"
        )


def other_counts(rows: Sequence[Record], plan: str | None, record: Record) -> Iterator[str]:
    """Yield a line if other rows of the plan have other numbers of sequences than this one."""
    counts = {row.done.hypotheses for row in rows if row.done and row.cell.label != record.cell.label}
    mine = record.done.hypotheses if record.done else 0
    if unequal := sorted(counts - {mine}):
        wanted = " or ".join(map(str, unequal))
        yield (
            f"the rows of plan {plan} are made of {wanted} sequences, this one of {mine}: signatures differ and share "
            f"no column; make them equal with --samples {unequal[0]}"
        )
