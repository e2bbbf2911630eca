"""`bench sample`: draw fresh sequences from a finished run, without training."""

from __future__ import annotations

import math
from pathlib import Path

import click

from bench.cli import options
from bench.engine import terminal
from bench.files import write_output
from bench.judging.fresh import as_lines, fresh, write_tunes
from bench.records import revive
from bench.records.runs import RunsFolder
from bench.toolkit.corpora.fetch import Corpora

MOST = 1_000_000


def _number(context: click.Context, option: click.Parameter, value: float) -> float:
    """Return the value; refuse nan, which passes every bound."""
    if math.isnan(value):
        raise click.BadParameter(f"{value} is not a number.", context, option)
    return value


@click.command(
    "sample",
    epilog=options.examples(
        "bench sample seqgan -d poems --count 20",
        "bench sample mle -d oracle --ids --temperature 0.9 --out samples.txt",
        "bench sample mle -d nottingham --midi tunes",
    ),
)
@click.argument("run")
@click.option(
    "-d", "--dataset", help="Dataset of the run, if RUN is a row: named as in the tables or as for `bench run`."
)
@click.option("--run-seed", type=int, help="Seed of the run, if RUN is the name of a row [default: the lowest].")
@click.option("--count", type=click.IntRange(1, MOST), default=10, show_default=True, help="Number of sequences.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed that draws the sequences.")
@click.option(
    "--temperature",
    type=click.FloatRange(0.01, 100),
    callback=_number,
    default=1.0,
    show_default=True,
    help="Temperature of sampling; below 1 is sharper.",
)
@click.option("--ids", is_flag=True, help="Write token ids, not text.")
@click.option(
    "--midi", type=click.Path(path_type=Path), metavar="DIR", help="Write each tune as a MIDI file into this folder."
)
@click.option("--out", type=click.Path(path_type=Path), help="Write to this file, not to standard output.")
@options.plan
@options.data
@options.corpus
@options.runs
def command(
    run: str,
    dataset: str | None,
    run_seed: int | None,
    count: int,
    seed: int,
    temperature: float,
    ids: bool,
    midi: Path | None,
    out: Path | None,
    plan: str | None,
    data: str,
    corpus: tuple[str, ...],
    runs: Path,
) -> None:
    """Draw fresh sequences from a finished run.

    RUN is the id of a cell, or the name of a row such as seqgan.
    """
    record = RunsFolder(runs).find_one(run, dataset, plan, run_seed)
    opened = revive.reopen(record.cell, Corpora.from_environment(data, corpus))
    sequences = fresh(record, opened, count, seed=seed, temperature=temperature)
    if midi is not None:
        write_tunes(sequences, opened, record, midi)
        click.echo(f"{len(sequences)} tunes in {midi}", err=True)
        if out is None:
            return
    text = as_lines(sequences, opened, ids=ids)
    if out is None:
        terminal.write_data(text)
        if not terminal.holds(text):
            click.echo(
                "standard output cannot hold all characters: some are escapes; --out FILE has them all", err=True
            )
    else:
        write_output(out, text.encode())
