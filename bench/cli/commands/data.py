"""`bench data`: which corpora are at hand, and how to get, check and prepare them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli import options
from bench.contracts.errors import BenchError, unknown

if TYPE_CHECKING:
    from bench.contracts.data import SequenceData
    from bench.toolkit.corpora.fetch import Corpora
    from bench.toolkit.corpora.manifest import Entry

names = click.argument("names", nargs=-1, metavar="[DATASET]...")


@click.group("data", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List, fetch, verify and prepare the published corpora.

    Without a subcommand, list them.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_)


@command.command("list")
@options.corpus
def list_(corpus: tuple[str, ...]) -> None:
    """What is at hand, its size and licence, and the sequences that it makes once it is prepared."""
    from bench.toolkit.corpora.catalogue import chosen
    from bench.toolkit.corpora.fetch import Corpora

    corpora, entries = replace(Corpora.from_environment("published", corpus), only_prepared=True), chosen(())
    _refuse_unread(corpora, entries)
    click.echo(f"cache: {corpora.root}")
    for entry in entries:
        click.echo(f"\n{entry.name}\n  licence   {entry.licence}\n  split     {entry.split}")
        for file in entry.files:
            path = corpora.root / file.path
            state = f"{path.stat().st_size:,} bytes" if path.is_file() else "absent (bench data fetch)"
            click.echo(f"  file      {file.path}: {state}")
        if own := corpora.files.get(entry.dataset):
            click.echo(f"  instead   {own}")
        click.echo(f"  prepared  {_counts_if_prepared(entry, corpora)}")


@command.command()
@names
def fetch(names: tuple[str, ...]) -> None:
    """Download what the cache folder lacks; each file is verified before it takes its name."""
    from bench.toolkit.corpora.catalogue import chosen
    from bench.toolkit.corpora.download import Unreachable
    from bench.toolkit.corpora.fetch import Corpora

    corpora = Corpora.from_environment("published")
    missing = []
    for file in [file for entry in chosen(names) for file in entry.files]:
        path = corpora.root / file.path
        try:
            corpora.fetch(file)
        except Unreachable as reason:
            missing.append(str(reason))
            click.echo(f"missing  {path}")
            continue
        if not path.is_file():
            raise BenchError(f"cannot write {path}; set BENCH_DATA to a folder that can be written")
        click.echo(f"ready    {path}")
    if missing:
        raise BenchError("; ".join(missing))


@command.command()
@names
def verify(names: tuple[str, ...]) -> None:
    """Compare every file in the cache folder with the checksum in the manifest."""
    from bench.files import read_bytes
    from bench.toolkit.corpora.catalogue import chosen
    from bench.toolkit.corpora.fetch import Corpora, verified

    corpora = Corpora.from_environment("published")
    damaged = []
    for file in [file for entry in chosen(names) for file in entry.files]:
        path = corpora.root / file.path
        if not path.is_file():
            click.echo(f"absent   {path}")
            continue
        try:
            verified(file, read_bytes(path), str(path), "replace it")
            click.echo(f"sound    {path}")
        except BenchError as error:
            damaged.append(str(error))
            click.echo(f"damaged  {path}")
    if damaged:
        raise BenchError("; ".join(damaged))


@command.command()
@names
@options.data
@options.corpus
def prepare(names: tuple[str, ...], data: str, corpus: tuple[str, ...]) -> None:
    """Read, split and encode; the arrays are kept, so that runs start at once."""
    from bench.toolkit.corpora.catalogue import chosen
    from bench.toolkit.corpora.fetch import Corpora

    corpora, entries = Corpora.from_environment(data, corpus), chosen(names)
    _refuse_unread(corpora, entries)
    for entry in entries:
        started = time.monotonic()
        prepared = _load(entry, corpora)
        seconds = time.monotonic() - started
        click.echo(f"{entry.name:<13} {prepared.source.kind:<10} {_counts(prepared)}  {seconds:.1f} s")
        for note in prepared.notes:
            click.echo(f"              {note}")


@command.command()
@click.option("-d", "--dataset", required=True, help="A dataset as in `bench run -d`.")
@click.option("--set", "overrides", multiple=True, metavar="DATASET.KNOB=VALUE", help="Overrule the dataset's knobs.")
@click.option("--out", type=click.Path(path_type=Path), help="Write to this file, not to standard output.")
@options.data
@options.corpus
def vocabulary(dataset: str, overrides: tuple[str, ...], out: Path | None, data: str, corpus: tuple[str, ...]) -> None:
    """Write the token of each id: the id, a tab and the token on each line.

    In a token, a tab is written as \\t, a line end as \\n or \\r, and a backslash as two.
    """
    from bench.contracts.vocabulary import as_tsv
    from bench.files import write_output
    from bench.judging.comparable import open_planned
    from bench.planning.cell import ELSEWHERE, Evaluation
    from bench.planning.preset import Preset, RunSettings
    from bench.toolkit.corpora.fetch import Corpora

    preset = Preset(ELSEWHERE, RunSettings(), Evaluation())
    _, opened = open_planned(dataset, preset, overrides, Corpora.from_environment(data, corpus))
    words = opened.data.vocabulary
    if out is None:
        click.echo(as_tsv(words), nl=False)
    else:
        write_output(out, as_tsv(words).encode())
    roles = {"start": words.start, "end": words.end, "unknown": words.unknown}
    told = ", ".join(f"{role} {index}" for role, index in roles.items() if index is not None)
    click.echo(f"{len(words):,} tokens of {opened.data.source.file} ({opened.data.source.kind}): {told}", err=True)


def _refuse_unread(corpora: Corpora, entries: Sequence[Entry]) -> None:
    """A file of the user's own that none of the datasets would read is a slip of the pen."""
    known = {entry.dataset for entry in entries}
    for name in corpora.files:
        if name not in known:
            raise unknown("dataset of --corpus", name, known)


def _load(entry: Entry, corpora: Corpora) -> SequenceData:
    from bench.plugins.open_dataset import open_dataset

    return open_dataset(entry.dataset, entry.settings, entry.dataset, corpora).data


def _counts_if_prepared(entry: Entry, corpora: Corpora) -> str:
    from bench.toolkit.corpora.prepared import NotPrepared

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
