"""`bench compare`: test one row against another on every metric, from finished runs."""

from __future__ import annotations

from pathlib import Path

import click
from rich import box
from rich.table import Table

from bench.cli import options
from bench.engine import terminal
from bench.judging.compare_rows import OnMetric, RowsCompared, compare_rows
from bench.judging.pair_verdict import MOST_SEEDS
from bench.records.runs import RunsFolder, seeds
from bench.reporting.grids import ARROWS, DASH, number, p_value
from bench.reporting.paper import paper
from bench.reporting.selection import listed

WIDE = 110  # characters of a terminal


@click.command(
    "compare",
    epilog=options.examples(
        "bench compare MyGan mle -d oracle",
        "bench compare seqgan mle --plan lean",
        "bench compare seqgan mle --metrics nll_oracle,nll_test",
    ),
)
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@click.option("-d", "--dataset", help="The dataset [default: the only one of both rows].")
@click.option("--metrics", metavar="M,...", help="Compare on these metrics only: Holm then counts these.")
@options.plan
@options.runs
def command(one: str, other: str, dataset: str | None, metrics: str | None, plan: str | None, runs: Path) -> None:
    """Test row A against row B on every metric.

    A and B are rows of finished runs, as `bench status` names them, or ids of cells. Runs that share their starts are
    paired by seed. Nothing is run.
    """
    stored = RunsFolder(runs)
    mine, theirs = (stored.find(name, dataset, plan) for name in (one, other))
    found = compare_rows(mine, theirs, listed(metrics))
    console = terminal.console(markup=False, emoji=False, highlight=False)
    console.print(f"A = {one}, B = {other}, on {mine[0].cell.dataset_label}", style="bold", soft_wrap=True)
    console.print(f"seeds of A: {seeds(mine)}; of B: {seeds(theirs)}; {_how(found)}", soft_wrap=True)
    console.print(_table(found, wide=console.width >= WIDE))
    for line in _notes(found, wide=console.width >= WIDE):
        console.print(line, soft_wrap=True)


def _how(found: RowsCompared) -> str:
    if found.paired:
        return f"paired by seed, as runs of seeds {', '.join(map(str, found.paired))} share their starts"
    return "unpaired, as their runs share no starts"


def _table(found: RowsCompared, wide: bool) -> Table:
    """Return a line for each metric; P(better) only if the terminal is wide."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("metric", no_wrap=True)
    for header in ("A", "B", "A - B, 95 %", *(["P(better)"] if wide else []), "p"):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_column("A is")
    for each in found.metrics:
        named, gap = paper().metric(each.metric), each.found.difference if each.found else None
        half = "" if gap is None or gap.high is None else f" ± {number(gap.high - gap.value, named.decimals)}"
        table.add_row(
            f"{named.name} {ARROWS[each.better]}",
            number(each.one, named.decimals),
            number(each.other, named.decimals),
            number(gap.value if gap else None, named.decimals, sign="+") + half,
            *([number(each.found.improvement if each.found else None, 2)] if wide else []),
            DASH if each.needed else p_value(each.holm),
            _verdict(each, wide),
        )
    return table


def _verdict(each: OnMetric, wide: bool) -> str:
    """Return the verdict on A, or the number of seeds that it needs if p cannot be below .05 with so few.

    A narrow terminal has no room for "not distinguishable".
    """
    if each.needed:
        return f"needs {each.needed} seeds"
    if each.verdict is None or each.verdict.p is None:
        return DASH
    if each.verdict.word != "not distinguishable":
        return each.verdict.word
    more = f"+{each.verdict.more}" if each.verdict.more is not None else f"over {MOST_SEEDS:,}"
    return f"{each.verdict.word} ({more} seeds)" if wide else f"unclear ({more} seeds)"


def _notes(found: RowsCompared, wide: bool) -> list[str]:
    """Return the notes on how to read the table."""
    exact = "the sign-flip test" if found.paired else "the permutation test"
    notes = [f"p: {exact} over seeds, after Holm over {found.family} metrics. The last column is at .05."]
    if any(each.needed for each in found.metrics):
        notes.append("needs n seeds: with fewer seeds an arm, no p can be below .05 after Holm, whatever the scores.")
    if not wide and any(each.verdict and each.verdict.word == "not distinguishable" for each in found.metrics):
        notes.append("unclear (+n seeds): not distinguishable; n more seeds an arm would find this difference in 80 %.")
    strongest = max(found.metrics, key=lambda each: each.evidence)
    notes.append(
        f"Largest e-value (holds however often seeds are added; 20 is 1 / .05): {strongest.evidence:.3g} on "
        f"{paper().metric(strongest.metric).name}."
    )
    if found.left_out:
        notes.append(f"Left out, not made in the same way in both rows: {', '.join(found.left_out)}.")
    return notes
