"""`bench match`: find the temperature at which one arm scores like another."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli import options
from bench.cli.following import following
from bench.judging.match import MOST, match, open_common
from bench.records.runs import RunsFolder, seeds
from bench.reporting.grids import number
from bench.toolkit.corpora.fetch import Corpora


@click.command(
    "match",
    epilog=options.examples("bench match mle seqgan -d oracle", "bench match mle seqgan -d poems --plan lean"),
)
@click.argument("baseline")
@click.argument("arm")
@click.option(
    "-d", "--dataset", required=True, help="Dataset of the finished runs, named as in the tables or as for `bench run`."
)
@click.option("--samples", type=click.IntRange(min=2), help="Sequences per run at each temperature [default: ARM's].")
@options.plan
@options.data
@options.corpus
@options.runs
def command(
    baseline: str,
    arm: str,
    dataset: str,
    samples: int | None,
    plan: str | None,
    data: str,
    corpus: tuple[str, ...],
    runs: Path,
) -> None:
    """Find the temperature at which BASELINE scores as ARM does.

    Both are rows with finished runs, such as mle and seqgan, or ids of cells. The score is the dataset's headline.
    """
    stored = RunsFolder(runs)
    ours, theirs = (stored.find(name, dataset, plan) for name in (baseline, arm))
    opened = open_common(ours, theirs, Corpora.from_environment(data, corpus))
    with following("temperatures tried", MOST) as step:
        found = match(ours, theirs, opened, samples, step)
    click.echo(f"{arm} (seeds {seeds(theirs)}): {found.headline} {found.target:.4f}")
    click.echo(
        f"{baseline} (seeds {seeds(ours)}) is nearest to it at temperature {found.temperature:.3f}, of "
        f"{found.hypotheses} sequences per run:"
    )
    for name, value in found.scores.items():
        click.echo(f"  {name:12} {number(value, 4):>8}   against {number(found.arm.get(name), 4):>8}")
    for name, signatures in found.unlike.items():
        click.echo(f"-: not comparable, as other signatures make other numbers: {name} of {arm} is {signatures}")
    if ours[0].cell.baseline == "mle":
        click.echo(f"--set mle-temperature.temperature={found.temperature:.3f}")
    else:
        click.echo(f"bench sample {baseline} -d {dataset} --temperature {found.temperature:.3f}")
