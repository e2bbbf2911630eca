"""Judge a file of samples, keep it as a row, and collect the remarks and notes on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.contracts.errors import BenchError
from bench.judging import strange
from bench.judging.copies import copied_share
from bench.judging.evaluator import Judgement
from bench.judging.judge import Anchor, Judge, Test, weigh
from bench.judging.keep import cell_of, keep
from bench.judging.remark import Remark
from bench.judging.samples import Samples
from bench.planning.cell import ELSEWHERE, REAL, Cell
from bench.records.journal import Record
from bench.records.runs import RunsFolder
from bench.records.scores import to_json


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The scores of a file, its anchors and tests, its row, and the remarks and notes on it.

    `cell` is the cell that stands for the file, `record` the stored row, None if nothing is stored.
    `plan` is the plan that the row enters, None if it enters none; `tracked` says whether it is written to MLflow.
    """

    judge: Judge
    found: Samples
    judged: Judgement
    anchors: Sequence[Anchor]
    tests: Sequence[Test]
    cell: Cell
    record: Record | None
    remarks: Sequence[Remark]
    notes: Sequence[str]
    plan: str | None
    tracked: bool

    def plain(self) -> dict[str, Any]:
        """Return the whole verdict as values that JSON can hold."""
        cell, data = self.cell, self.judge.opened.data
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
            "folder": str(self.record.folder) if self.record else None,
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
    kept: bool = True,
) -> Verdict:
    """Score samples called `name` and test them against stored runs; if `kept`, keep them in `runs` as a finished row.

    `runs` does not see the new row. BenchError, before anything is written, if the row could share no column with the
    rows of the plan.
    """
    judged, anchors, rivals, same, tests = weigh(judge, found, runs, plan, name)
    cell = cell_of(judge.real, name, file, found)
    if plan:
        refuse_unlike(plan_rows(runs, plan, judge.real.dataset_label, name), plan, cell, file)
    record = keep(judge, name, file, found, judged, runs) if kept else None
    notes = (
        *found.notes,
        *fewer_anchors(found, anchors),
        *undefined(judge, found),
        *untested(rivals, same, tests),
        *(f"not tested: {row} {why}" for row, why in runs.hurt(cell.dataset_label, plan).items()),
    )
    return Verdict(
        judge=judge,
        found=found,
        judged=judged,
        anchors=anchors,
        tests=tests,
        cell=cell,
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


def plan_rows(runs: RunsFolder, plan: str, dataset: str, name: str) -> list[Record]:
    """Return the plan's finished runs of a dataset, without files of samples and rows called `name`."""
    found = (record for record in runs.of_plan(plan, dataset) if record.done)
    return [record for record in found if record.cell.reference != ELSEWHERE and record.cell.label != name]


def plan_count(rows: Sequence[Record]) -> int | None:
    """Return the number of sequences that all these runs were judged on; None if there is no such number."""
    counts = {row.done.hypotheses for row in rows if row.done}
    return counts.pop() if len(counts) == 1 else None


def refuse_unlike(rows: Sequence[Record], plan: str, cell: Cell, file: Path) -> None:
    """Raise BenchError if a file's row could share no column with these rows of a plan; it says what to call."""
    mine, counts = cell.evaluation.samples, sorted({row.done.hypotheses for row in rows if row.done})
    if counts and mine not in counts:
        wanted = " or ".join(map(str, counts))
        remedy = (
            f"give --samples {counts[0]}"
            if mine > counts[0]
            else f"give a file of {counts[0]}, or judge the runs on {mine} in another plan: `bench run ... --set "
            f"evaluation.samples={mine} --plan {plan}-{mine}`"
        )
        raise BenchError(
            f"the rows of plan {plan} are made of {wanted} sequences, {file.name} of {mine}: no column could hold both;"
            f" {remedy}"
        )
    if rows and not any(row.cell.fingerprint == cell.fingerprint for row in rows):
        raise BenchError(
            f"the rows of plan {plan} were made from other data of {cell.dataset_label}: no column could hold both; "
            "give the --data, --corpus and --set that `bench run` had, or leave --plan out"
        )
