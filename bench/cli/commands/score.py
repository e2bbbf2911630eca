"""`bench score`: judge samples made elsewhere with the same metrics, anchors and tests as every run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli import options
from bench.contracts.errors import BenchError

if TYPE_CHECKING:
    from bench.judging.judge import Anchor, Judge, Test
    from bench.judging.samples import Samples
    from bench.planning.cell import Cell
    from bench.records.journal import Record
    from bench.records.runs import RunsFolder


@click.command("score")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-d",
    "--dataset",
    required=True,
    help="What the samples imitate: a dataset as in `bench run -d`, such as text:FILE.",
)
@click.option("--name", required=True, help="What the tables call the row.")
@click.option("--samples", type=click.IntRange(min=1), help="Judge the first N sequences only [default: all].")
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "text", "ids", "midi", "midi-numbers"]),
    default="auto",
    show_default=True,
    help="One sequence a line, as text, token ids or MIDI pitches (midi-numbers); or .mid files, a folder or a zip.",
)
@options.drop_special
@options.unquote
@options.pad_id
@click.option(
    "--strict", is_flag=True, help="Refuse MIDI files of which a tune cannot be read [default: leave it out]."
)
@click.option("--set", "overrides", multiple=True, metavar="DATASET.KNOB=VALUE", help="Overrule the dataset's knobs.")
@click.option("--plan", help="Enter the row in this plan, prepared as its runs were and tested against those.")
@click.option("--track", is_flag=True, help="Log the row to MLflow, in --plan or else the dataset's only plan.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to standard output, and nothing else.")
@options.data
@options.corpus
@options.runs
@options.tracking_uri
def command(
    file: Path,
    dataset: str,
    name: str,
    samples: int | None,
    form: Any,
    drop_special: bool,
    unquote: bool,
    pad_id: int | None,
    strict: bool,
    overrides: tuple[str, ...],
    plan: str | None,
    track: bool,
    as_json: bool,
    data: str,
    corpus: tuple[str, ...],
    runs: Path,
    tracking_uri: str | None,
) -> None:
    """Judge samples made elsewhere with the same metrics and tests.

    FILE holds one sequence a line, as text or as token ids; FILE#column names a column of a table (csv, tsv, jsonl,
    json, parquet; gz too), as in model.jsonl#text. MIDI files, a folder or a zip of them are judged on music.
    """
    from bench.cli import verdict as _verdict
    from bench.judging import judge as judging
    from bench.judging import keep as keeping
    from bench.judging import samples_file
    from bench.judging.samples import Cleaning
    from bench.records.runs import RunsFolder
    from bench.toolkit.corpora.fetch import Corpora

    _check(file, name, plan)
    stored = RunsFolder(runs)
    plan = plan or (_only_plan(stored, dataset) if track else None)
    judge = judging.open_judge(dataset, overrides, plan, stored, Corpora.from_environment(data, corpus))
    _refuse_names(name, judge.real, plan, stored)
    cleaning = Cleaning(drop_special, unquote, pad_id)
    found = samples_file.read(file, form, judge.opened, judge.strict, samples, cleaning, every_tune=strict)
    judged = judge.scores(found)
    anchors = list(judge.anchors(len(found.sequences)))
    rivals = judging.rivals(stored, judge.real, plan, name)
    same = [record for record in rivals if record.cell.fingerprint == judge.real.fingerprint]
    tests = judging.tests(judged, same)
    record = keeping.keep(judge, name, file, found, judged, stored)
    remarks = _verdict.remarks(judge, found, anchors)
    notes = (
        *_notes(found, anchors),
        *_unasked(judge, found),
        *_unlike(rivals, same, tests),
        *_unequal(stored, plan, dataset, record),
    )
    if plan:
        _enter(record, plan, runs, track, tracking_uri)
    verdict = _verdict.Verdict(judge, found, judged, anchors, tests, record, remarks, notes, plan, track)
    if as_json:
        click.echo(json.dumps(verdict.facts(), indent=1))
    else:
        verdict.show()


def _refuse_names(name: str, real: Cell, plan: str | None, runs: RunsFolder) -> None:
    """BenchError where the row's name, or in a plan the corpus's, stands for another one already."""
    from bench.records import one_name
    from bench.reporting import names

    names.refuse_taken("--name", name, runs.finished(real.dataset_label))
    if plan:
        one_name.refuse_taken([one_name.of_cell(real)], one_name.in_runs(runs, plan), str(runs))


def _check(file: Path, name: str, plan: str | None) -> None:
    from bench.planning.plan_name import check_name
    from bench.toolkit.corpora.reading.rows import split_column

    if not split_column(str(file))[0].exists():
        raise BenchError(f"no file {file}: give the samples, one sequence a line, or MIDI files")
    if plan is not None:
        check_name(plan)
    if not name.strip() or set(name) & set("'\"/\\") or not name.isprintable():
        raise BenchError(f"--name {name!r}: a name without quotes and slashes, please")


def _only_plan(runs: RunsFolder, dataset: str) -> str:
    """The one plan that holds runs of the dataset; a new one where there is none."""
    plans = [plan for plan in runs.plans if runs.of_plan(plan, dataset)]
    if len(plans) > 1:
        raise BenchError(f"{dataset} is in several plans: say with --plan which gets the row: {', '.join(plans)}")
    return plans[0] if plans else "elsewhere"


def _enter(record: Record, plan: str, runs: Path, track: bool, uri: str | None) -> None:
    from bench.records import plans as kept_plans
    from bench.records import provenance
    from bench.records.plans import Entry

    cells = kept_plans.write(plan, {record.cell.id: Entry(tags=provenance.tags())}, runs)
    if track:
        from bench.records.tracker import Tracker

        Tracker(uri).project(record, plan, cells[record.cell.id])


def _notes(found: Samples, anchors: Sequence[Anchor]) -> Iterator[str]:
    yield from found.notes
    if fewer := sorted({anchor.hypotheses for anchor in anchors} - {len(found.sequences)}):
        yield (
            f"real and random are of {fewer[0]} sequences, all that are held out: beside them, and beside runs, "
            f"Self-BLEU is comparable with --samples {fewer[0]} only"
        )


def _unasked(judge: Judge, found: Samples) -> Iterator[str]:
    """Which metrics are undefined because of words outside the vocabulary."""
    if names := judge.evaluator.unasked(found.sequences):
        yield (
            f"{', '.join(names)}: undefined, as the samples hold words outside the vocabulary; a metric that can judge "
            "them says unknown_words = 'miss', see bench/contracts/metric.py"
        )


def _unlike(rivals: Sequence[Record], same: Sequence[Record], tests: Sequence[Test]) -> Iterator[str]:
    """Why stored runs are not tested against."""
    if len(rivals) > len(same):
        yield f"{len(rivals) - len(same)} stored runs were made from other data; --plan NAME prepares it as a plan did"
    if len(same) > 1 and not tests:
        yield (
            "no stored run has the same signatures; make the numbers of sequences equal, with --samples here or "
            "--set evaluation.samples=N there"
        )


def _unequal(runs: RunsFolder, plan: str | None, dataset: str, record: Record) -> Iterator[str]:
    """One line where the plan's rows are made of another number of sequences."""
    rows = runs.of_plan(plan, dataset) if plan else []
    counts = {row.done.hypotheses for row in rows if row.done and row.cell.label != record.cell.label}
    mine = record.done.hypotheses if record.done else 0
    if unequal := sorted(counts - {mine}):
        wanted = " or ".join(map(str, unequal))
        yield (
            f"the rows of plan {plan} are made of {wanted} sequences, this one of {mine}: signatures differ and share "
            f"no column; make them equal with --samples {unequal[0]}"
        )
