"""`bench data`: list, fetch, check and prepare corpora."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import click

from bench.cli import options
from bench.contracts.data import SequenceData
from bench.contracts.errors import BenchError
from bench.contracts.visible import visible
from bench.contracts.vocabulary import as_tsv
from bench.engine import terminal
from bench.files import write_output
from bench.judging.comparable import open_default
from bench.plugins.open_dataset import open_dataset
from bench.toolkit import shelf
from bench.toolkit.corpora.cache import State, compared, fetched, refuse_unread
from bench.toolkit.corpora.catalogue import chosen
from bench.toolkit.corpora.fetch import Corpora, shelves
from bench.toolkit.corpora.manifest import Entry
from bench.toolkit.corpora.prepared import NotPrepared

names = click.argument("names", nargs=-1, metavar="[DATASET]...")


@click.group(
    "data",
    invoke_without_command=True,
    epilog=options.examples("bench data", "bench data fetch", "bench data verify poems", "bench data prepare"),
)
@options.corpus
@click.pass_context
def command(context: click.Context, corpus: tuple[str, ...]) -> None:
    """List, fetch, verify and prepare the published corpora.

    Without a subcommand, list them.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_, corpus=corpus)
    elif corpus:
        raise BenchError(f"--corpus stands behind the subcommand: bench data {context.invoked_subcommand} --corpus ...")


@command.command("list", epilog=options.examples("bench data list", "bench data list --corpus obama=speeches.txt"))
@options.corpus
def list_(corpus: tuple[str, ...]) -> None:
    """Show the files, licence and counts of each corpus."""
    corpora, entries = replace(Corpora.from_environment("published", corpus), only_prepared=True), chosen(())
    refuse_unread(corpora, entries)
    click.echo(f"cache: {corpora.root}")
    for entry in entries:
        click.echo(f"\n{entry.name}\n  licence   {entry.licence}\n  split     {entry.split}")
        for file in entry.files:
            path = corpora.root / file.path
            state = f"{path.stat().st_size:,} bytes" if path.is_file() else "absent (bench data fetch)"
            click.echo(f"  file      {file.path}: {state}")
        if own := corpora.files.get(entry.dataset):
            click.echo(f"  instead   {visible(str(own))}")
        click.echo(f"  prepared  {_counts_if_prepared(entry, corpora)}")


@command.command(epilog=options.examples("bench data fetch", "bench data fetch coco poems"))
@names
def fetch(names: tuple[str, ...]) -> None:
    """Download the files that the cache folder lacks.

    Each file is verified before it gets its name.
    """
    _show(fetched(Corpora.from_environment("published"), chosen(names)))


@command.command(epilog=options.examples("bench data verify", "bench data verify poems"))
@names
def verify(names: tuple[str, ...]) -> None:
    """Compare the files with their checksums.

    The manifest of each dataset holds the checksum of each file in the cache folder.
    """
    _show(compared(Corpora.from_environment("published"), chosen(names)))


@command.command(epilog=options.examples("bench data prepare", "bench data prepare obama --corpus obama=speeches.txt"))
@names
@options.data
@options.corpus
def prepare(names: tuple[str, ...], data: str, corpus: tuple[str, ...]) -> None:
    """Read, split and encode the corpora.

    The arrays are kept, so that runs start at once.
    """
    corpora, entries = Corpora.from_environment(data, corpus), chosen(names)
    refuse_unread(corpora, entries)
    for entry in entries:
        started = time.monotonic()
        prepared = _load(entry, corpora)
        seconds = time.monotonic() - started
        click.echo(f"{entry.name:<13} {prepared.source.kind:<10} {_counts(prepared)}  {seconds:.1f} s")
        for note in prepared.notes:
            click.echo(f"              {visible(note)}")


@command.command(epilog=options.examples("bench data clean"))
def clean() -> None:
    """Remove prepared arrays that are out of date.

    They were made from an older file or by an older version, and newer ones of the same corpus and knobs are there.
    Published files stay.
    """
    found = shelves(Corpora.from_environment("published"))
    before = {entry: shelf.size(entry) for folder in found for entry in folder.glob("*/") if entry.is_dir()}
    removed = shelf.sweep(found)
    for entry in removed:
        click.echo(f"removed  {entry}: {before[entry]:,} bytes")
    click.echo(f"{len(removed)} removed, {sum(before[entry] for entry in removed):,} bytes")


@command.command(epilog=options.examples("bench data vocabulary -d poems --out poems.tsv"))
@click.option("-d", "--dataset", required=True, help="A dataset as in `bench run -d`.")
@click.option("--set", "overrides", multiple=True, metavar="DATASET.KNOB=VALUE", help="Set knobs of the dataset.")
@click.option("--out", type=click.Path(path_type=Path), help="Write to this file, not to standard output.")
@options.data
@options.corpus
def vocabulary(dataset: str, overrides: tuple[str, ...], out: Path | None, data: str, corpus: tuple[str, ...]) -> None:
    """Write the token of each id.

    Each line holds the id, a tab and the token. In a token, a tab is
    written as \\t, a line end as \\n or \\r, and a backslash as two.
    """
    opened = open_default(dataset, overrides, Corpora.from_environment(data, corpus))
    words = opened.data.vocabulary
    if out is None:
        terminal.write_data(as_tsv(words))
    else:
        write_output(out, as_tsv(words).encode())
    roles = {"start": words.start, "end": words.end, "unknown": words.unknown}
    told = ", ".join(f"{role} {index}" for role, index in roles.items() if index is not None)
    click.echo(f"{len(words):,} tokens of {opened.data.source.file} ({opened.data.source.kind}): {told}", err=True)


def _show(states: Iterable[State]) -> None:
    """Print a line for each file; a BenchError tells all problems."""
    problems = []
    for state, path, problem in states:
        click.echo(f"{state:<8} {path}")
        problems += [problem] if problem else []
    if problems:
        raise BenchError("; ".join(problems))


def _load(entry: Entry, corpora: Corpora) -> SequenceData:
    return open_dataset(entry.dataset, entry.settings, entry.dataset, corpora).data


def _counts_if_prepared(entry: Entry, corpora: Corpora) -> str:
    published = all((corpora.root / file.path).is_file() for file in entry.files)
    if not published and entry.dataset not in corpora.files:
        return "no"
    try:
        return _counts(_load(entry, corpora))
    except NotPrepared:
        return "not yet (bench data prepare)"
    except BenchError as error:
        return f"no: {error}"


def _counts(data: SequenceData) -> str:
    sizes = f"{len(data.train):,} train, {len(data.valid):,} valid, {len(data.test):,} test"
    return f"{sizes}; length {data.length}, {len(data.vocabulary):,} tokens"
