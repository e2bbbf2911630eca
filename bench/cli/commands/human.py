"""`bench human`: a blinded sheet for raters, and their answers into Table 2."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli import options
from bench.contracts.errors import BenchError
from bench.planning.cell import REAL

if TYPE_CHECKING:
    from bench.judging.samples import Cleaning
    from bench.records.journal import Record
    from bench.records.runs import RunsFolder
    from bench.toolkit.corpora.fetch import Corpora

PAPER = ("seqgan", "mle")  # the models of Table 2


@click.group()
def command() -> None:
    """Ask people which texts are real, blinded.

    Export a sheet for the raters, then import their answers.
    """


@command.command()
@click.option("-d", "--dataset", required=True, help="Dataset whose held-out texts are the real ones.")
@click.option("--models", default="", help="Labels of finished runs, with commas between [default: seqgan,mle].")
@click.option(
    "--samples",
    multiple=True,
    metavar="NAME=FILE",
    help="Texts made elsewhere, one a line, or FILE#column of a table; repeatable.",
)
@click.option("--n", default=20, show_default=True, help="Texts of each origin; the paper shows 20.")
@click.option("--seed", default=0, show_default=True, help="Draws and shuffles the texts.")
@click.option("--run-seed", default=0, show_default=True, help="Seed of the runs whose samples are shown.")
@options.plan
@click.option(
    "--wrap",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Break the text shown every N characters (5: a quatrain).",
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
    """Make a blinded sheet (HTML and CSV) of real and generated texts, and its sealed key."""
    from bench.judging.human.page import write_sheet
    from bench.judging.human.sheet import make_sheet
    from bench.judging.samples import Cleaning
    from bench.records.runs import RunsFolder
    from bench.reporting.names import refuse_taken
    from bench.toolkit.corpora.fetch import Corpora

    elsewhere = [_named(entry) for entry in samples]
    labels = _labels(models) or ([] if elsewhere else list(PAPER))
    names = [*labels, *(name for name, _ in elsewhere)]
    if twice := [name for name in names if names.count(name) > 1]:
        raise BenchError(f"{twice[0]} is given twice by --models and --samples; leave one out")
    stored = RunsFolder(runs)
    finished = stored.finished(dataset)
    for name, _ in elsewhere:
        refuse_taken("--samples", name, finished)
    real = _one(stored, plan, dataset, REAL, 0)
    chosen = {label: _one(stored, plan, dataset, label, run_seed) for label in labels}
    for label, record in chosen.items():
        if record.cell.fingerprint != real.cell.fingerprint:
            raise BenchError(f"{label} ({record.folder}) learned from other data than {real.folder} holds out")
    texts = {label: _lines(record.folder / "samples.txt") for label, record in chosen.items()}
    cells = {label: record.cell.id for label, record in {REAL: real, **chosen}.items()}
    if elsewhere:
        cleaning = Cleaning(drop_special, unquote, pad_id)
        texts |= _prepared(elsewhere, cleaning, real, Corpora.from_environment(data, corpus))
    sheet = make_sheet(_lines(real.folder / "samples.txt"), texts, n, seed, real.cell.dataset_label, cells)
    write_sheet(sheet, out, wrap)
    click.echo(f"{len(sheet.items)} texts, {n} of each: {', '.join(sheet.origins)}\nseal {sheet.seal}")
    click.echo(f"Give the raters {out / 'sheet.html'} or {out / 'sheet.csv'}; keep {out / 'key.json'} from them.")


@command.command("import")
@click.argument("answers", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--key", type=click.Path(path_type=Path), required=True, help="The key.json made with the sheet.")
@click.option("--reference", default="seqgan", show_default=True, help="Model that the others are tested against.")
@options.runs
@options.tracking_uri
def import_(answers: tuple[Path, ...], key: Path, reference: str, runs: Path, tracking_uri: str | None) -> None:
    """Check the raters' CSV files, score them, and put the scores where `bench report` finds them."""
    from bench.judging.human.answers import read_answers
    from bench.judging.human.collected import collect, save
    from bench.judging.human.sheet import read_key
    from bench.records.tracker import Tracker

    sheet = read_key(key)
    collected = collect(sheet, read_answers(answers, sheet), reference)
    path = save(runs, collected)
    Tracker(tracking_uri).record_human(collected)
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


def _one(runs: RunsFolder, plan: str | None, dataset: str, label: str, seed: int) -> Record:
    """The finished run of a row and seed."""
    found = [record for record in runs.of_label(label, dataset, plan) if record.cell.seed == seed]
    if not found:
        raise BenchError(f"no finished run of {label} with seed {seed}; choose another with --run-seed")
    return found[0]


def _labels(models: str) -> list[str]:
    """Split at commas, but not at those within a label such as seqgan[d_steps=1,g_steps=5]."""
    return [name.strip() for name in re.split(r",(?![^\[]*\])", models) if name.strip()]


def _named(entry: str) -> tuple[str, Path]:
    from bench.toolkit.corpora.reading.rows import split_column

    name, equals, file = entry.partition("=")
    if not (name.strip() and equals and file):
        raise BenchError(f"--samples {entry!r}: write it as NAME=FILE")
    if not split_column(file)[0].exists():
        raise BenchError(f"--samples {entry}: no file {file}")
    return name.strip(), Path(file)


def _prepared(
    files: Sequence[tuple[str, Path]], cleaning: Cleaning, real: Record, corpora: Corpora
) -> dict[str, list[str]]:
    """The texts of each file as the dataset would print them, so that no mark or capital tells them from real ones."""
    from bench.judging.comparable import open_of_run
    from bench.judging.samples_file import read

    opened = open_of_run(real.cell, corpora)
    texts = {}
    for name, path in files:
        found = read(path, "auto", opened, None, None, cleaning)
        texts[name] = [found.vocabulary.decode(row) for row in found.sequences.tolist()]
        for remark in (*found.notes, *found.remarks):
            click.echo(f"{name}: {remark}", err=True)
    return texts


def _lines(path: Path) -> list[str]:
    from bench.files import read_bytes
    from bench.toolkit.corpora.reading.decoding import decoded

    return decoded(read_bytes(path), str(path))
