"""`bench sweep`: quality against diversity of finished generators over temperatures, without training again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich import box
from rich.table import Table

from bench.cli import options
from bench.cli.following import following
from bench.contracts.errors import BenchError
from bench.engine import terminal
from bench.files import write_output
from bench.judging import equal_diversity, sweep
from bench.judging.equal_diversity import AtEqual
from bench.judging.evaluator import Evaluator
from bench.judging.planes import preferred
from bench.judging.sweep import Swept
from bench.planning.cell import REAL
from bench.records import revive
from bench.records.runs import RunsFolder
from bench.reporting import grids, swept
from bench.reporting.paper import paper, slug
from bench.toolkit.corpora.fetch import Corpora


def _temperatures(context: click.Context, option: click.Parameter, text: str | None) -> tuple[float, ...]:
    """Return the numbers of "0.5,1,1.5"; each is from 0.01 to 100."""
    if text is None:
        return sweep.TEMPERATURES
    try:
        found = sorted({float(part) for part in text.split(",")})
    except ValueError:
        raise click.BadParameter(f"{text!r} is no list of numbers such as 0.5,1,1.5.", context, option) from None
    if not all(math.isfinite(one) and 0.01 <= one <= 100 for one in found):
        raise click.BadParameter("every temperature is from 0.01 to 100.", context, option)
    return tuple(found)


@click.command(
    "sweep",
    epilog=options.examples(
        "bench sweep -d oracle --plan lean", "bench sweep -d poems -b mle -b seqgan --temperatures 0.7,1,1.3"
    ),
)
@click.option(
    "-d", "--dataset", required=True, help="Dataset of the finished runs, as the tables call it or as for `bench run`."
)
@click.option("-b", "--baseline", "names", multiple=True, help="Only this row; may be repeated [default: all].")
@click.option("--temperatures", callback=_temperatures, metavar="T,T,...", help="[default: 0.5,0.6,...,1.5]")
@click.option(
    "--samples", type=click.IntRange(min=2), help="Sequences a run, at each temperature [default: the runs']."
)
@click.option("--reference", help="Row that the others are compared with [default: as in the tables].")
@options.plan
@options.out
@options.data
@options.corpus
@options.runs
def command(
    dataset: str,
    names: tuple[str, ...],
    temperatures: tuple[float, ...],
    samples: int | None,
    reference: str | None,
    plan: str | None,
    out: Path,
    data: str,
    corpus: tuple[str, ...],
    runs: Path,
) -> None:
    """Trade quality for diversity by temperature.

    Samples finished generators at several temperatures and compares rows at equal diversity. Nothing is trained.
    """
    stored = RunsFolder(runs)
    found = sweep.rows(stored, dataset, plan, names)
    cell = next(record.cell for records in found.values() for record in records)
    opened = revive.reopen(cell, Corpora.from_environment(data, corpus))
    evaluator = Evaluator.of(opened, cell.evaluation.rule)
    sweep.planes_of(evaluator)  # refuses a dataset without any before work begins
    arms, left_out = sweep.revived(found, opened)
    for line in (*(f"Left out, {row}: {why}." for row, why in stored.hurt(dataset, plan).items()), *left_out):
        click.echo(line)
    if not arms:
        raise BenchError("no row is left to sweep: none keeps a generator that takes a temperature")
    chosen = swept.reference_of([arm.label for arm in arms if arm.label != REAL], paper(), reference)
    count = sweep.sequences(arms, opened, samples)
    with following("samples judged", len(temperatures) * sum(len(arm.runs) for arm in arms)) as step:
        made = sweep.sweep(arms, evaluator, temperatures, count, step)
    equal = list(_comparisons(made, chosen, evaluator)) if chosen else []
    real = sweep.alike(found.get(REAL, ()), evaluator, count)
    name, place = f"sweep-{slug(cell.dataset_label)}", out / plan if plan else out
    contents = swept.files(name, made, equal, chosen, swept.Origin(opened, cell, real), paper())
    for file, content in contents.items():
        write_output(place / file, content)
    if chosen:
        _show(equal, chosen, count)
    for mark_note in swept.published_note(opened, cell, made, paper()):
        click.echo(mark_note)
    click.echo(f"Written: {', '.join(str(place / file) for file in contents)}")


def _comparisons(made: Sequence[Swept], reference: str, evaluator: Evaluator) -> Iterator[AtEqual]:
    """Yield the reference against each other row but *real*, in every plane."""
    labels = [label for label in dict.fromkeys(one.label for one in made) if label not in (reference, REAL)]
    for plane in sweep.planes_of(evaluator):
        for label in labels:
            yield from equal_diversity.against(made, reference, label, plane)


def _show(equal: Sequence[AtEqual], reference: str, count: int) -> None:
    """Print the comparisons of one plane at the reference's diversity at the temperature nearest to 1."""
    plane = preferred(list(dict.fromkeys(one.plane for one in equal)))
    if plane is None:
        click.echo("nothing to compare: one row is swept, or the reference is undefined")
        return
    mine = [one for one in equal if one.plane == plane]
    nearest = min({one.temperature for one in mine}, key=lambda temperature: abs(math.log(temperature)))
    shown = [one for one in mine if one.temperature == nearest]
    names = [paper().metric(name) for name in (plane.quality, plane.diversity)]
    quality, diversity = (metric.name for metric in names)
    click.echo(
        f"{quality} at equal {diversity}: that of {reference} at temperature {nearest:g}, or the nearest that the "
        f"curves of all seeds reach; {count} sequences a run. Difference: {reference} minus the row, 95 % interval "
        "over seeds (Welch)"
    )
    console = terminal.console(markup=False, emoji=False, highlight=False)
    table = Table("against", diversity, reference, "row", "difference", box=box.SIMPLE_HEAD)
    for one in shown:
        table.add_row(one.label, *(grids.number(v, 4) for v in (one.diversity, one.reference, one.quality)), _gap(one))
    console.print(table)
    if any(one.difference is None for one in shown):
        click.echo("-: the curves do not overlap")


def _gap(one: AtEqual) -> str:
    """Return the difference with its interval; "-" if the curves do not overlap."""
    if one.difference is None:
        return grids.DASH
    half = "" if one.difference.high is None else f" ± {one.difference.high - one.difference.value:.4f}"
    return grids.number(one.difference.value, 4, sign="+") + half
