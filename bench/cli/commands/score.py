"""`bench score`: judge samples made elsewhere with the metrics, anchors and tests of every run."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import click

from bench.cli import options
from bench.cli.verdict import show
from bench.contracts.errors import BenchError
from bench.judging import samples_file
from bench.judging.judge import open_judge
from bench.judging.keep import check_row_name, enter, only_plan
from bench.judging.samples import Cleaning
from bench.judging.verdict import plan_count, plan_rows, verdict
from bench.planning.cell import Cell
from bench.planning.refusals import check_name
from bench.plugins import metrics as metric_plugins
from bench.records import one_name
from bench.records.runs import RunsFolder
from bench.records.store import StoreError
from bench.records.tracker import Tracker
from bench.reporting.names import refuse_taken
from bench.toolkit.corpora.fetch import Corpora
from bench.toolkit.corpora.reading.rows import split_column


@click.command(
    "score",
    epilog=options.examples(
        "bench score samples.txt -d poems --name my-model",
        "bench score model.jsonl#text -d text:corpus.txt --name my-model --plan quick --track",
        "bench score tunes.zip -d nottingham --name my-model --json",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-d",
    "--dataset",
    required=True,
    help="Dataset that the samples imitate, as in `bench run -d`, such as text:FILE.",
)
@click.option("--name", required=True, help="Name of the row in tables.")
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    help="Judge the first N sequences only [default: as many as the plan's runs, all without --plan].",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "text", "ids", "midi", "midi-numbers"]),
    default="auto",
    show_default=True,
    help="One sequence per line, as text, token ids or MIDI pitches (midi-numbers); or .mid files, a folder or a zip.",
)
@options.drop_special
@options.unquote
@options.pad_id
@click.option(
    "--strict", is_flag=True, help="Refuse MIDI files with a tune that cannot be read [default: leave it out]."
)
@click.option("--set", "overrides", multiple=True, metavar="DATASET.KNOB=VALUE", help="Set knobs of the dataset.")
@click.option(
    "--plan", help="Enter the row in this plan: prepare it as the plan's runs were, and test it against them."
)
@click.option("--track", is_flag=True, help="Log the row to MLflow, in --plan or else the dataset's only plan.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to standard output, and nothing else.")
@options.metrics
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
    metrics: tuple[str, ...],
    data: str,
    corpus: tuple[str, ...],
    runs: Path,
    tracking_uri: str | None,
) -> None:
    """Judge samples made elsewhere with the same metrics and tests.

    FILE holds one sequence per line, as text or as token ids. FILE#column names a column of a table (csv, tsv, jsonl,
    json, parquet; gz too), as in model.jsonl#text. MIDI files, a folder or a zip of them are judged on music.
    """
    _check(file, name, plan)
    stored, own = RunsFolder(runs), [metric_plugins.parse(text) for text in dict.fromkeys(metrics)]
    plan = plan or (only_plan(stored, dataset) if track else None)
    judge = open_judge(dataset, overrides, plan, stored, Corpora.from_environment(data, corpus), own)
    _refuse_names(name, judge.real, plan, stored)
    cleaning = Cleaning(drop_special, unquote, pad_id)
    read = partial(samples_file.read, file, form, judge.opened, judge.strict)
    found = read(samples, cleaning, every_tune=strict)
    if plan and samples is None:
        wanted = plan_count(plan_rows(stored, plan, judge.real.dataset_label, name))
        if wanted is not None and wanted < len(found.sequences):
            found = read(wanted, cleaning, every_tune=strict)
    judged = verdict(judge, found, name=name, file=file, runs=stored, plan=plan, tracked=track, kept=plan is not None)
    if plan and judged.record:
        try:
            enter(judged.record, plan, stored, Tracker(tracking_uri) if track else None)
        except StoreError as error:
            click.echo(f"{error}; {runs} keeps the row: `bench sync` writes it later", err=True)
    if as_json:
        click.echo(json.dumps(judged.plain(), indent=1))
    else:
        show(judged)


def _check(file: Path, name: str, plan: str | None) -> None:
    """Raise BenchError if the file is absent, or if a name cannot be used."""
    if not split_column(str(file))[0].exists():
        raise BenchError(f"no file {file}: give the samples, one sequence a line, or MIDI files")
    if plan is not None:
        check_name(plan)
    check_row_name(name)


def _refuse_names(name: str, real: Cell, plan: str | None, runs: RunsFolder) -> None:
    """Raise BenchError if the row's name is taken, or if a plan has the corpus's name for another corpus."""
    refuse_taken("--name", name, runs.finished(real.dataset_label))
    if plan:
        one_name.refuse_taken([one_name.of_cell(real)], one_name.in_runs(runs, plan), str(runs))
