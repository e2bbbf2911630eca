"""`bench match`: find the temperature at which one arm scores like another."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli import options
from bench.cli.following import following
from bench.contracts.errors import BenchError
from bench.judging.match import MOST, Match, match, open_common
from bench.records.runs import RunsFolder, seeds
from bench.reporting.grids import number
from bench.toolkit.corpora.fetch import Corpora


@click.command(
    "match",
    epilog=options.examples(
        "bench match mle seqgan -d oracle",
        "bench match mle seqgan -d poems --plan lean",
        "bench match mle-regularised --score 8.73 -d oracle",
    ),
)
@click.argument("baseline")
@click.argument("arm", required=False)
@click.option(
    "-d", "--dataset", required=True, help="Dataset of the finished runs, named as in the tables or as for `bench run`."
)
@click.option("--score", type=float, help="Match this score in place of ARM's.")
@click.option(
    "--samples",
    type=click.IntRange(min=2),
    help="Sequences per run at each temperature [default: ARM's, or BASELINE's].",
)
@options.plan
@options.data
@options.corpus
@options.runs
def command(
    baseline: str,
    arm: str | None,
    dataset: str,
    score: float | None,
    samples: int | None,
    plan: str | None,
    data: str,
    corpus: tuple[str, ...],
    runs: Path,
) -> None:
    """Find the temperature at which BASELINE scores as ARM does.

    Both are rows with finished runs, such as mle and seqgan, or ids of cells. The score is the dataset's headline; with
    --score it is a number that you give, in place of ARM's.
    """
    if (arm is None) == (score is None):
        raise BenchError("give one of ARM and --score: `bench match mle seqgan`, or `bench match mle --score 8.73`")
    stored = RunsFolder(runs)
    ours = stored.find(baseline, dataset, plan)
    theirs = stored.find(arm, dataset, plan) if arm else []
    opened = open_common(ours, theirs, Corpora.from_environment(data, corpus))
    with following("temperatures tried", MOST) as step:
        found = match(ours, theirs, opened, samples, step, score)
    click.echo(f"{f'{arm} (seeds {seeds(theirs)})' if arm else 'asked for'}: {found.headline} {found.target:.4f}")
    click.echo(
        f"{baseline} (seeds {seeds(ours)}) is nearest to it at temperature {found.temperature:.3f}, of "
        f"{found.hypotheses} sequences per run:"
    )
    _print_scores(found, arm)
    if ours[0].cell.baseline == "mle":
        click.echo(f"--set mle-temperature.temperature={found.temperature:.3f}")
    else:
        click.echo(f"bench sample {baseline} -d {dataset} --temperature {found.temperature:.3f}")


def _print_scores(found: Match, arm: str | None) -> None:
    """Print the scores at the temperature, beside those of the arm if there is one."""
    for name, value in found.scores.items():
        against = f"   against {number(found.arm.get(name), 4):>8}" if arm else ""
        click.echo(f"  {name:12} {number(value, 4):>8}{against}")
    for name, signatures in found.unlike.items():
        click.echo(f"-: not comparable, as other signatures make other numbers: {name} of {arm} is {signatures}")
