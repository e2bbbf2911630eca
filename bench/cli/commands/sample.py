"""`bench sample`: fresh sequences from a finished run, without training."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli import options
from bench.contracts.errors import BenchError
from bench.engine import terminal

if TYPE_CHECKING:
    from torch import Generator as Random

    from bench.contracts.data import TokenArray
    from bench.contracts.dataset import Opened
    from bench.records.journal import Record

MOST = 1_000_000


def _number(context: click.Context, option: click.Parameter, value: float) -> float:
    """nan is on neither side of a bound."""
    if math.isnan(value):
        raise click.BadParameter(f"{value} is no number.", context, option)
    return value


@click.command("sample")
@click.argument("run")
@click.option(
    "-d", "--dataset", help="Dataset of the run, where RUN is a row: as the tables call it or as for `bench run`."
)
@click.option("--run-seed", type=int, help="Seed of the run, where RUN is the name of a row [default: the lowest].")
@click.option("--count", type=click.IntRange(1, MOST), default=10, show_default=True, help="How many sequences.")
@click.option("--seed", type=int, default=0, show_default=True, help="Draws the sequences.")
@click.option(
    "--temperature",
    type=click.FloatRange(0.01, 100),
    callback=_number,
    default=1.0,
    show_default=True,
    help="Below 1: sharper.",
)
@click.option("--ids", is_flag=True, help="Token ids in place of text.")
@click.option(
    "--midi", type=click.Path(path_type=Path), metavar="DIR", help="A MIDI file of each tune, in this folder."
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
    from bench.contracts.seeding import torch_rng
    from bench.files import write_output
    from bench.records import runs as stored
    from bench.toolkit.corpora.fetch import Corpora
    from bench.toolkit.models.tempered import tempered

    record = _find(runs, run, dataset, run_seed, plan)
    opened = stored.reopened(record.cell, Corpora.from_environment(data, corpus))
    rng = torch_rng(record.cell.seed_for("sample", seed))
    sequences = _draw(tempered(stored.generator(record, opened), temperature), count, opened, rng)
    if midi is not None:
        _write_tunes(sequences, opened, record, midi)
        if out is None:
            return
    rows = sequences.tolist()
    lines = (" ".join(map(str, row)) for row in rows) if ids else map(opened.data.vocabulary.decode, rows)
    text = "".join(f"{line}\n" for line in lines)
    if out is None:
        click.echo(text, nl=False)
        if not terminal.holds(text):
            click.echo(
                "standard output cannot hold all characters: some are escapes; --out FILE has them all", err=True
            )
    else:
        write_output(out, text.encode())


def _draw(generator: Any, count: int, opened: Opened, rng: Random) -> TokenArray:
    from bench.judging.evaluator import draw

    try:
        return draw(generator, count, opened.data, rng)
    except (MemoryError, RuntimeError) as error:
        if "allocate" not in str(error):  # what torch and numpy say where memory is short
            raise
        raise BenchError(f"--count {count}: not enough memory; draw fewer at a time, with several --seed") from None


def _find(runs: Path, run: str, dataset: str | None, seed: int | None, plan: str | None) -> Record:
    from bench.records import runs as stored

    record = stored.by_id(runs, run)
    if record is not None:
        return record
    found = stored.of_label(runs, run, dataset, plan)
    chosen = [record for record in found if seed in (None, record.cell.seed)]
    if not chosen:
        raise BenchError(f"no finished run of {run} with seed {seed}: there are seeds {stored.seeds(found)}")
    return chosen[0]


def _write_tunes(sequences: TokenArray, opened: Opened, record: Record, folder: Path) -> None:
    from bench.contracts.dataset import Playable
    from bench.files import write_output

    if not isinstance(opened.dataset, Playable):
        raise BenchError(f"--midi: {record.cell.dataset_label} is no music")
    name, digits = record.cell.label.replace("/", "_"), len(str(len(sequences)))  # a knob may hold a slash
    for number, sequence in enumerate(sequences, 1):
        write_output(folder / f"{name}-{number:0{digits}}.mid", opened.dataset.to_midi(sequence))
    click.echo(f"{len(sequences)} tunes in {folder}", err=True)
