"""All that `bench score` says of a file, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from bench.judging.copies import copied_share, rewards_copies
from bench.planning.cell import REAL
from bench.records.scores import to_json
from bench.reporting.grids import number, p_value

if TYPE_CHECKING:
    from rich.table import Table

    from bench.judging.evaluator import Judgement
    from bench.judging.judge import Anchor, Judge, Test
    from bench.judging.remark import Remark
    from bench.judging.samples import Samples
    from bench.records.journal import Record

MEANING = (
    "p (sequences): Welch's test of these sequences against those of one run, its lowest seed; "
    "it says nothing of the methods behind them"
)


def remarks(judge: Judge, found: Samples, anchors: Sequence[Anchor]) -> tuple[Remark, ...]:
    """What is strange about the samples, the corpus and its real row."""
    from bench.judging import strange
    from bench.judging.remark import Remark

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


@dataclass(frozen=True)
class Verdict:
    """All that is said of a file."""

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

    def facts(self) -> dict[str, Any]:
        """For scripts: plain values only."""
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

    def show(self) -> None:
        """For people: the scores between their anchors, the tests on the headline metric, the notes."""
        from rich.console import Console

        cell, data = self.record.cell, self.judge.opened.data
        console = Console(markup=False, emoji=False, highlight=False)  # a row's name may hold [...]
        console.print(f"{cell.dataset_label}, {data.source.file} ({data.source.kind})")
        console.print(self._scores())
        if self.tests:
            console.print(self._tests())
            click.echo(f"{MEANING}. Tests of the other metrics: --json")
        if any(rewards_copies(score.signature) for score in self.judged.scores.values()):
            share = copied_share(self.judged.samples, data)
            click.echo(f"{share:.1%} of the sequences are copies of training rows, which are BLEU's references here")
        for note in self.notes:
            click.echo(note)
        for remark in self.remarks:
            style = "bold yellow" if remark.loud else None
            console.print(str(remark), style=style, soft_wrap=True)
        click.echo(f"kept in {self.record.folder}")
        if self.plan:
            sync = "" if self.tracked else "`bench sync`, then "
            click.echo(f"entered in plan {self.plan}: {sync}`bench report --plan {self.plan}` shows it")

    def _scores(self) -> Table:
        """A line a metric: the file between its anchors."""
        from rich import box
        from rich.table import Table

        rows = [(self.record.cell.label, len(self.found.sequences), self.judged.scores), *self.anchors]
        table = Table("", *(label for label, _, _ in rows), box=box.SIMPLE_HEAD)
        table.add_row("sequences", *(str(count) for _, count, _ in rows))
        for metric in self.judged.scores:
            table.add_row(metric, *(number(scores[metric].value, 4) for _, _, scores in rows))
        return table

    def _tests(self) -> Table:
        """A line a stored run, on the headline metric."""
        from rich import box
        from rich.table import Table

        headline = next(iter(self.judged.scores))
        table = Table(f"{headline} against", "its value", "difference, 95 %", "p (sequences)", box=box.SIMPLE_HEAD)
        for test in (test for test in self.tests if test.metric == headline):
            gap = test.difference
            half = "" if gap.high is None else f" ± {gap.high - gap.value:.4f}"
            cells = {other.cell for other in self.tests if other.label == test.label}  # of several presets
            who = f"{test.label} seed {test.seed}" + (f", cell {test.cell}" if len(cells) > 1 else "")
            table.add_row(who, number(test.value, 4), f"{gap.value:+.4f}{half}", p_value(test.p_sequences))
        return table
