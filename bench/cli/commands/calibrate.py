"""`bench calibrate`: measure how often each printed test calls equal arms different."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import click

from bench.cli import options
from bench.files import write_output
from bench.judging.calibrate import Rate, type_one_errors


@click.command(
    "calibrate", epilog=options.examples("bench calibrate", "bench calibrate --studies 10000 --out calibration.csv")
)
@click.option(
    "--seeds",
    type=click.IntRange(min=2, max=10),
    multiple=True,
    default=(3, 5, 8),
    show_default=True,
    help="Seeds per arm; may be repeated.",
)
@click.option(
    "--studies", type=click.IntRange(min=100), default=1000, show_default=True, help="Number of studies of each kind."
)
@click.option("--out", type=click.Path(path_type=Path), help="Also write the rates to this CSV file.")
def command(seeds: tuple[int, ...], studies: int, out: Path | None) -> None:
    """Measure the type-I error of each printed test.

    The studies are simulated, and nothing differs in them. A test holds if p is below .05 in at most 5 % of them.
    """
    click.echo(f"share of {studies:,} studies without a difference in which p is below .05")
    rates = []
    for rate in type_one_errors(seeds, studies):
        rates.append(rate)
        click.echo(f"{rate.seeds} seeds  {rate.test:24}{rate.values:46}{rate.rate:.3f} ± {rate.half:.3f}")
    if out is not None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(Rate._fields)
        writer.writerows(rates)
        write_output(out, text.getvalue().encode())
