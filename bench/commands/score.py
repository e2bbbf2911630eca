"""`bench score`: judge samples made elsewhere with the same metrics, anchors and tests as every run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.commands import _options
from bench.errors import BenchError

if TYPE_CHECKING:
    from rich.table import Table

    from bench.elsewhere import Samples
    from bench.evaluation import Judgement
    from bench.journal import Record
    from bench.judging import Anchor, Judge, Test

MEANING = (
    "p (sequences): Welch's test of these sequences against those of one run, its lowest seed; "
    "it says nothing of the methods behind them"
)


@click.command("score")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-d", "--dataset", required=True, help="What the samples imitate: a dataset as in `bench run -d`.")
@click.option("--name", required=True, help="What the tables call the row.")
@click.option("--samples", type=click.IntRange(min=1), help="Judge the first N sequences only [default: all].")
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "text", "ids", "midi"]),
    default="auto",
    show_default=True,
    help="One sequence a line, as text or as token ids; or .mid files, a folder or a zip of them.",
)
@click.option("--set", "overrides", multiple=True, metavar="DATASET.KNOB=VALUE", help="Overrule the dataset's knobs.")
@click.option("--plan", help="Enter the row in this plan, prepared as the plan's runs were; `bench report` shows it.")
@click.option("--track", is_flag=True, help="Log the row to MLflow, in --plan or else the dataset's only plan.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to standard output, and nothing else.")
@_options.data
@_options.corpus
@_options.runs
@_options.tracking_uri
def command(
    file: Path,
    dataset: str,
    name: str,
    samples: int | None,
    form: Any,
    overrides: tuple[str, ...],
    plan: str | None,
    track: bool,
    as_json: bool,
    data: str,
    corpus: tuple[str, ...],
    runs: Path,
    tracking_uri: str | None,
) -> None:
    """Judge samples made elsewhere with the same metrics and tests."""
    from bench import elsewhere, judging, stored
    from bench.corpora.fetch import Corpora

    _check(file, name, plan)
    plan = plan or (_only_plan(runs, dataset) if track else None)
    judge = judging.open_judge(dataset, overrides, plan, runs, Corpora.from_environment(data, corpus))
    records = stored.finished(runs, judge.real.dataset_label)
    judging.refuse_taken(name, records)
    found = elsewhere.read(file, form, judge.opened, judge.closed, samples)
    judged = judge.scores(found)
    anchors = list(judge.anchors(len(found.sequences)))
    same = [record for record in records if record.cell.fingerprint == judge.real.fingerprint]
    tests = judging.tests(judged, same, name)
    record = judging.keep(judge, name, file, found, judged, runs)
    notes = (*_notes(found, anchors), *_unlike(records, same, tests), *_unequal(runs, plan, dataset, record))
    if plan:
        _enter(record, plan, runs, track, tracking_uri)
    verdict = Verdict(judge, found, judged, anchors, tests, record, notes, plan, track)
    if as_json:
        click.echo(json.dumps(verdict.facts(), indent=1))
    else:
        _show(verdict)


@dataclass(frozen=True)
class Verdict:
    """All that is said of a file."""

    judge: Judge
    found: Samples
    judged: Judgement
    anchors: Sequence[Anchor]
    tests: Sequence[Test]
    record: Record
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
            "scores": self.judged.scores,
            "anchors": {a.label: {"hypotheses": a.hypotheses, "scores": a.scores} for a in self.anchors},
            "tests": [test._asdict() | {"difference": test.difference._asdict()} for test in self.tests],
            "notes": [*data.notes, *self.notes],
            "cell": cell.id,
            "folder": str(self.record.folder),
            "plan": self.plan,
            "tracked": self.tracked,
        }


def _check(file: Path, name: str, plan: str | None) -> None:
    if not file.exists():
        raise BenchError(f"no file {file}: give the samples, one sequence a line, or MIDI files")
    for option, text in (("--name", name), ("--plan", plan)):
        if text is not None and (not text.strip() or set(text) & set("'\"/\\") or not text.isprintable()):
            raise BenchError(f"{option} {text!r}: a name without quotes and slashes, please")


def _only_plan(runs: Path, dataset: str) -> str:
    """The one plan that holds runs of the dataset; a new one where there is none."""
    from bench import judging
    from bench import plan as planning

    plans = [plan for plan in planning.read_all(runs) if judging.plan_records(runs, plan, dataset)]
    if len(plans) > 1:
        raise BenchError(f"{dataset} is in several plans: say with --plan which gets the row: {', '.join(plans)}")
    return plans[0] if plans else "elsewhere"


def _enter(record: Record, plan: str, runs: Path, track: bool, uri: str | None) -> None:
    from bench import plan as planning
    from bench import provenance

    facts = provenance.facts()
    planning.write(plan, {record.cell.id: facts}, runs)
    if track:
        from bench.tracking import Tracker

        Tracker(uri).project(record, plan, facts)


def _notes(found: Samples, anchors: Sequence[Anchor]) -> Iterator[str]:
    yield from found.notes
    if found.outside:
        yield f"{found.outside:.2%} of tokens are outside the vocabulary"
    if fewer := sorted({anchor.hypotheses for anchor in anchors} - {len(found.sequences)}):
        yield (
            f"real and random are of {fewer[0]} sequences, all that are held out: beside them, and beside runs, "
            f"Self-BLEU is comparable with --samples {fewer[0]} only"
        )


def _unlike(records: Sequence[Record], same: Sequence[Record], tests: Sequence[Test]) -> Iterator[str]:
    """Why stored runs are not tested against."""
    if len(records) > len(same):
        yield f"{len(records) - len(same)} stored runs were made from other data; --plan NAME prepares it as a plan did"
    if len(same) > 1 and not tests:
        yield "no stored run has the same signatures: make the number of sequences equal with --samples"


def _unequal(runs: Path, plan: str | None, dataset: str, record: Record) -> Iterator[str]:
    """One line where the plan's rows are made of another number of sequences."""
    from bench import judging

    rows = judging.plan_records(runs, plan, dataset) if plan else []
    others = [row for row in rows if row.status == "done" and row.cell.label != record.cell.label]
    counts = {row.last("done")["hypotheses"] for row in others}
    mine = record.last("done")["hypotheses"]
    if unequal := sorted(counts - {mine}):
        wanted = " or ".join(map(str, unequal))
        yield (
            f"the rows of plan {plan} are made of {wanted} sequences, this one of {mine}: signatures differ and share "
            f"no column; make them equal with --samples {unequal[0]}"
        )


def _show(verdict: Verdict) -> None:
    from rich.console import Console

    cell, data = verdict.record.cell, verdict.judge.opened.data
    console = Console()
    console.print(f"{cell.dataset_label}, {data.source.file} ({data.source.kind})", markup=False, highlight=False)
    console.print(_scores(verdict), highlight=False)
    if verdict.tests:
        console.print(_tests(verdict), highlight=False)
        click.echo(f"{MEANING}. Tests of the other metrics: --json")
    for note in verdict.notes:
        click.echo(note)
    click.echo(f"kept in {verdict.record.folder}")
    if verdict.plan:
        sync = "" if verdict.tracked else "`bench sync`, then "
        click.echo(f"entered in plan {verdict.plan}: {sync}`bench report --plan {verdict.plan}` shows it")


def _scores(verdict: Verdict) -> Table:
    """A line a metric: the file between its anchors."""
    from rich import box
    from rich.table import Table

    rows = [(verdict.record.cell.label, len(verdict.found.sequences), verdict.judged.scores), *verdict.anchors]
    table = Table("", *(label for label, _, _ in rows), box=box.SIMPLE_HEAD)
    table.add_row("sequences", *(str(count) for _, count, _ in rows))
    for metric in verdict.judged.scores:
        table.add_row(metric, *(_value(scores[metric]["value"]) for _, _, scores in rows))
    return table


def _tests(verdict: Verdict) -> Table:
    """A line a stored run, on the headline metric."""
    from rich import box
    from rich.table import Table

    headline = next(iter(verdict.judged.scores))
    table = Table(f"{headline} against", "its value", "difference, 95 %", "p (sequences)", box=box.SIMPLE_HEAD)
    for test in (test for test in verdict.tests if test.metric == headline):
        gap = test.difference
        half = "" if gap.high is None else f" ± {gap.high - gap.value:.4f}"
        who = f"{test.label} seed {test.seed}"
        table.add_row(who, _value(test.value), f"{gap.value:+.4f}{half}", _p(test.p_sequences))
    return table


def _value(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _p(p: float | None) -> str:
    if p is None:
        return "-"
    return "< 1e-6" if p < 1e-6 else f"{p:.2g}"
