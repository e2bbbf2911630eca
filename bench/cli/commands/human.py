"""`bench human`: export a blinded sheet for raters, and import their answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import click

from bench.cli import options
from bench.contracts.errors import BenchError
from bench.judging.human.answers import read_answers
from bench.judging.human.collected import collect
from bench.judging.human.export import Prepared, prepared, shown
from bench.judging.human.page import write_sheet
from bench.judging.human.sheet import read_key
from bench.judging.samples import Cleaning
from bench.records.human import save
from bench.records.runs import RunsFolder
from bench.records.store import StoreError
from bench.records.tracker import Tracker
from bench.reporting.names import refuse_taken
from bench.toolkit.corpora.fetch import Corpora
from bench.toolkit.corpora.reading.rows import split_column

PAPER = ("seqgan", "mle")  # the models of Table 2


@click.group(
    epilog=options.examples(
        "bench human export -d poems --out sheet",
        "bench human export -d coco --models seqgan,mle --samples mine=samples.txt --out sheet",
        "bench human import anna.csv ben.csv --key sheet/key.json",
    )
)
def command() -> None:
    """Ask people which texts are real, blinded.

    Export a sheet for the raters, then import their answers.
    """


@command.command(epilog=options.examples("bench human export -d poems --n 20 --wrap 5 --out sheet"))
@click.option("-d", "--dataset", required=True, help="Dataset whose held-out texts are the real ones.")
@click.option("--models", default="", help="Labels of finished runs, with commas between [default: seqgan,mle].")
@click.option(
    "--samples",
    multiple=True,
    metavar="NAME=FILE",
    help="Texts made elsewhere, one per line, or FILE#column of a table; may be repeated.",
)
@click.option("--n", default=20, show_default=True, help="Number of texts of each origin; the paper shows 20.")
@click.option("--seed", default=0, show_default=True, help="Seed that draws and shuffles the texts.")
@click.option("--run-seed", default=0, show_default=True, help="Seed of the runs whose samples are shown.")
@options.plan
@click.option(
    "--wrap",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Break lines after N characters (5 shows a quatrain).",
)
@options.drop_special
@options.unquote
@options.pad_id
@options.data
@options.corpus
@options.runs
@click.option("--out", type=click.Path(path_type=Path), required=True, help="New folder for sheet and key.")
def export(
    dataset: str,
    models: str,
    samples: tuple[str, ...],
    n: int,
    seed: int,
    run_seed: int,
    plan: str | None,
    wrap: int,
    drop_special: bool,
    unquote: bool,
    pad_id: int | None,
    data: str,
    corpus: tuple[str, ...],
    runs: Path,
    out: Path,
) -> None:
    """Make a blinded sheet and its sealed key.

    The sheet shows real and generated texts, as a web page and as CSV.
    """
    elsewhere = [_named(entry) for entry in samples]
    labels = _labels(models) or ([] if elsewhere else list(PAPER))
    stored = RunsFolder(runs)
    _refuse_names(labels, [name for name, _ in elsewhere], stored, dataset)
    found = shown(stored, dataset, labels, plan=plan, run_seed=run_seed)
    texts: dict[str, Prepared] = {}
    if elsewhere:
        cleaning = Cleaning(drop_special, unquote, pad_id)
        texts = prepared(dict(elsewhere), cleaning, found.real, Corpora.from_environment(data, corpus))
    for name, remark in ((name, remark) for name, made in texts.items() for remark in made.remarks):
        click.echo(f"{name}: {remark}", err=True)
    sheet = found.sheet(texts, n=n, seed=seed)
    write_sheet(sheet, out, wrap)
    click.echo(f"{len(sheet.items)} texts, {n} of each: {', '.join(sheet.origins)}\nseal {sheet.seal}")
    click.echo(f"Give the raters {out / 'sheet.html'} or {out / 'sheet.csv'}; keep {out / 'key.json'} from them.")


@command.command("import", epilog=options.examples("bench human import anna.csv ben.csv --key sheet/key.json"))
@click.argument("answers", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--key", type=click.Path(path_type=Path), required=True, help="The key.json made with the sheet.")
@click.option("--reference", default="seqgan", show_default=True, help="Model that the others are tested against.")
@options.runs
@options.tracking_uri
def import_(answers: tuple[Path, ...], key: Path, reference: str, runs: Path, tracking_uri: str | None) -> None:
    """Score the raters' CSV files.

    Each file is checked against the key. `bench report` shows the scores.
    """
    sheet = read_key(key)
    collected = collect(sheet, read_answers(answers, sheet), reference)
    path = save(runs, collected)
    try:
        Tracker(tracking_uri).record_human(collected)
    except StoreError as error:
        click.echo(f"{error}; {path} keeps the scores: `bench sync` writes them later", err=True)
    width = max(map(len, collected.scores))
    for origin, score in collected.scores.items():
        p = "" if score.p is None else f"  p {score.p:.3g} against {reference}"
        click.echo(f"{origin:<{width}}  {score}{p}")
    click.echo(f"raters {collected.raters}, items {collected.items}, {collected.agreement}")
    if collected.raters == 1:
        click.echo("one rater says nothing of others: no interval, no test")
    if reference not in collected.scores:
        click.echo(f"{reference} is not on this sheet: no test was made; name another with --reference")
    click.echo(f"kept in {path}; `bench report` shows them in the table of {sheet.dataset}")


def _refuse_names(labels: Sequence[str], elsewhere: Sequence[str], runs: RunsFolder, dataset: str) -> None:
    """Raise BenchError if two origins have the same name, or if a file has the name of other runs."""
    names = [*labels, *elsewhere]
    if twice := [name for name in names if names.count(name) > 1]:
        raise BenchError(f"{twice[0]} is given twice by --models and --samples; leave one out")
    finished = runs.finished(dataset)
    for name in elsewhere:
        refuse_taken("--samples", name, finished)


def _labels(models: str) -> list[str]:
    """Return the labels between commas; commas within brackets, as in seqgan[d_steps=1,g_steps=5], do not count."""
    return [name.strip() for name in re.split(r",(?![^\[]*\])", models) if name.strip()]


def _named(entry: str) -> tuple[str, Path]:
    name, equals, file = entry.partition("=")
    if not (name.strip() and equals and file):
        raise BenchError(f"--samples {entry!r}: write it as NAME=FILE")
    if not split_column(file)[0].exists():
        raise BenchError(f"--samples {entry}: no file {file}")
    return name.strip(), Path(file)
