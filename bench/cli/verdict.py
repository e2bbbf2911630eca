"""Print the verdict on a file of samples."""

from __future__ import annotations

import click
from rich import box
from rich.table import Table

from bench.contracts.visible import visible
from bench.engine import terminal
from bench.judging.copies import copied_share, rewards_copies
from bench.judging.verdict import Verdict
from bench.reporting.grids import number, p_value

MEANING = (
    "p (sequences): Welch's test of these sequences against those of one run, its lowest seed; "
    "it says nothing of the methods behind them"
)


def show(verdict: Verdict) -> None:
    """Print the scores between their anchors, the tests on the headline metric, and the notes."""
    cell, data = verdict.cell, verdict.judge.opened.data
    console = terminal.console(markup=False, emoji=False, highlight=False)  # not as markup: a row's name may hold [...]
    console.print(f"{cell.dataset_label}, {visible(data.source.file)} ({data.source.kind})")
    console.print(_scores(verdict))
    if verdict.tests:
        console.print(_tests(verdict))
        click.echo(f"{MEANING}. Tests of the other metrics: --json")
    name, headline = next(iter(verdict.judged.scores.items()))
    click.echo(f"signature of {name}: {headline.signature}; those of the other metrics: --json")
    references = any(rewards_copies(score.signature) for score in verdict.judged.scores.values())
    what = "training rows, which are BLEU's references here" if references else "training rows"
    click.echo(f"{copied_share(verdict.judged.samples, data):.1%} of the sequences are copies of {what}")
    for note in verdict.notes:
        click.echo(visible(note))
    for remark in verdict.remarks:
        style = "bold yellow" if remark.loud else None
        console.print(visible(str(remark)), style=style, soft_wrap=True)
    if verdict.record:
        click.echo(f"kept in {verdict.record.folder}")
    else:
        click.echo("nothing is written: --track keeps the row, and --plan NAME enters it in a plan")
    if verdict.plan:
        sync = "" if verdict.tracked else "`bench sync`, then "
        click.echo(f"entered in plan {verdict.plan}: {sync}`bench report --plan {verdict.plan}` shows it")


def _scores(verdict: Verdict) -> Table:
    """Return a table with a line per metric, in which the file stands between its anchors."""
    rows = [(verdict.cell.label, len(verdict.found.sequences), verdict.judged.scores), *verdict.anchors]
    table = Table("", *(label for label, _, _ in rows), box=box.SIMPLE_HEAD)
    table.add_row("sequences", *(str(count) for _, count, _ in rows))
    for metric in verdict.judged.scores:
        table.add_row(metric, *(number(scores[metric].value, 4) for _, _, scores in rows))
    return table


def _tests(verdict: Verdict) -> Table:
    """Return a table with a line per stored run, on the headline metric."""
    headline = next(iter(verdict.judged.scores))
    table = Table(f"{headline} against", "its value", "difference, 95 %", "p (sequences)", box=box.SIMPLE_HEAD)
    for test in (test for test in verdict.tests if test.metric == headline):
        gap = test.difference
        half = "" if gap.high is None else f" ± {gap.high - gap.value:.4f}"
        cells = {other.cell for other in verdict.tests if other.label == test.label}  # runs of several presets
        who = f"{test.label} seed {test.seed}" + (f", cell {test.cell}" if len(cells) > 1 else "")
        table.add_row(who, number(test.value, 4), f"{gap.value:+.4f}{half}", p_value(test.p_sequences))
    return table
