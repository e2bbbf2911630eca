"""`bench calibrate`: measure how often each printed test calls equal arms different."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from bench.cli import options
from bench.contracts.errors import BenchError
from bench.files import write_output
from bench.judging.calibrate import Rate, type_one_errors
from bench.judging.null_pair import of_runs
from bench.judging.over_seeds import arm_of
from bench.records.runs import RunsFolder
from bench.reporting.escape import csv_cell


@click.command(
    "calibrate",
    epilog=options.examples(
        "bench calibrate",
        "bench calibrate --studies 10000 --out calibration.csv",
        "bench calibrate mle mle[own_start=true] -d enumerable --metric exact_forward_kl",
    ),
)
@click.argument("rows", nargs=-1)
@click.option(
    "--seeds",
    type=click.IntRange(min=2),
    multiple=True,
    default=(3, 5, 8),
    show_default=True,
    help="Seeds per arm; may be repeated.",
)
@click.option(
    "--studies", type=click.IntRange(min=100), default=1000, show_default=True, help="Number of studies of each kind."
)
@click.option("-d", "--dataset", help="Dataset of the two ROWS.")
@click.option("--metric", help="Metric of the two ROWS [default: the headline].")
@options.plan
@options.runs
@click.option("--out", type=click.Path(path_type=Path), help="Also write the rates to this CSV file.")
def command(
    rows: tuple[str, ...],
    seeds: tuple[int, ...],
    studies: int,
    dataset: str | None,
    metric: str | None,
    plan: str | None,
    runs: Path,
    out: Path | None,
) -> None:
    """Measure the type-I error of each printed test.

    The studies are simulated, and nothing differs in them. A test holds if p is below .05 in at most 5 % of them. With
    two ROWS that do the same with other random numbers, the studies are made of their finished runs, with the labels
    exchanged at random.
    """
    if rows and len(rows) != 2:
        raise BenchError("name two rows with finished runs, or none for simulated studies")
    if not rows and (dataset or metric or plan):
        raise BenchError("-d, --metric and --plan belong to two rows with finished runs: name the rows first")
    if too_many := [count for count in seeds if count > 10 and not rows]:
        raise BenchError(f"--seeds {too_many[0]}: simulated studies have at most 10 seeds per arm")
    click.echo(f"share of {studies:,} studies without a difference in which p is below .05")
    simulated = type_one_errors(seeds, studies)
    rates = _of_rows(rows, seeds, studies, dataset, metric, plan, runs) if rows else simulated
    found = []
    for rate in rates:
        found.append(rate)
        click.echo(f"{rate.seeds} seeds  {rate.test:24}{rate.values:46}{rate.rate:.3f} ± {rate.half:.3f}")
    if out is not None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(Rate._fields)
        writer.writerows([csv_cell(str(cell)) for cell in rate] for rate in found)
        write_output(out, text.getvalue().encode())


def _of_rows(
    rows: Sequence[str],
    seeds: Sequence[int],
    studies: int,
    dataset: str | None,
    metric: str | None,
    plan: str | None,
    runs: Path,
) -> Iterator[Rate]:
    """Return the rates of two rows' finished runs; BenchError if a row has none, or no such metric."""
    stored = RunsFolder(runs)
    ours, theirs = (stored.of_label(name, dataset, plan) for name in rows)
    name = metric or next(iter(ours[0].scores))
    one, other = arm_of(ours, name), arm_of(theirs, name)
    if not one.scores or not other.scores:
        raise BenchError(f"no value of {name} in both rows; known: {', '.join(ours[0].scores)}")
    return of_runs(one, other, seeds, studies)
