"""`bench report`: write the tables and figures from MLflow alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from bench.cli import options
from bench.cli.following import following
from bench.contracts.errors import BenchError
from bench.engine import terminal
from bench.files import write_output
from bench.judging import rejudge
from bench.plugins import metrics as metric_plugins
from bench.records.runs import RunsFolder
from bench.records.tracker import Tracker
from bench.reporting import labs
from bench.reporting.plan_folder import report_plan
from bench.reporting.selection import Selection, listed
from bench.reporting.write import charts, how_to_look, print_summary
from bench.toolkit.corpora.fetch import Corpora


@click.command(
    "report",
    epilog=options.examples(
        "bench report",
        "bench report --plan lean --out lean-results",
        "bench report --reference mle",
        "bench report --plans lean,mine --arms MyGan,mle,seqgan --metrics nll_oracle,nll_test",
        "bench report --from our-lab.zip other-lab.zip",
    ),
)
@click.argument("more", nargs=-1, type=click.Path(path_type=Path), metavar="")
@click.option(
    "--from",
    "packs",
    multiple=True,
    metavar="FILE.zip ...",
    type=click.Path(path_type=Path),
    help="Make one table of these packs of `bench pack`; each row says whether its scores came out again here.",
)
@click.option("--plan", help="The plan to report; default: the one tracked last.")
@click.option("--plans", metavar="A,B", help="Show the runs of several plans in one report.")
@click.option("--arms", metavar="ROW,...", help="Show only these rows, and real.")
@click.option("--metrics", "columns", metavar="M,...", help="Show only these metrics.")
@click.option("--published", is_flag=True, help="Show rows that are published and did not run here too.")
@options.metrics
@options.reference
@options.data
@options.corpus
@options.runs
@options.out
@options.tracking_uri
def command(
    more: tuple[Path, ...],
    packs: tuple[Path, ...],
    plan: str | None,
    plans: str | None,
    arms: str | None,
    columns: str | None,
    published: bool,
    metrics: tuple[str, ...],
    reference: str | None,
    data: str,
    corpus: tuple[str, ...],
    runs: Path,
    out: Path,
    tracking_uri: str | None,
) -> None:
    """Write the tables, learning curves and an HTML page.

    Each plan has a folder in --out, whose index.html lists the plans. Tables come as LaTeX, Markdown and CSV, beside
    the published values. They are made from MLflow alone; with --metric the runs that --runs keeps are judged first, as
    `bench rejudge` does.
    """
    if more and not packs:
        raise click.UsageError(f"{more[0]}: name packs with --from.")
    if packs:
        _report_labs((*packs, *more), Corpora.from_environment(data, corpus), out, reference)
        return
    tracker = Tracker(tracking_uri)
    first, *others = listed(plans) or (plan,)
    if plan is not None and plans:
        raise BenchError("--plan and --plans: give one of them")
    selection = Selection(arms=listed(arms), metrics=listed(columns), more=tuple(map(str, others)), published=published)
    if metrics:
        _judge_beside(metrics, first, Corpora.from_environment(data, corpus), runs, tracker)
    paths, tables = report_plan(tracker, first, out, reference, selection)
    print_summary(tables, terminal.console())
    click.echo("\n".join([how_to_look(tracker, paths[0].parent, paths), *charts(tracker, tables)]))


def _judge_beside(metrics: Sequence[str], plan: str | None, corpora: Corpora, runs: Path, tracker: Tracker) -> None:
    """Judge the runs of the plan to report by the user's own metrics."""
    plugins = [metric_plugins.parse(text) for text in dict.fromkeys(metrics)]
    stored = RunsFolder(runs)
    records = rejudge.chosen(stored, plan or stored.newest_plan)
    with following("runs judged", len(records)) as step:
        lost = rejudge.rejudge_folder(records, plugins, corpora, runs, tracker, step)
    for line in lost:
        click.echo(line)


def _report_labs(packs: Sequence[Path], corpora: Corpora, out: Path, reference: str | None) -> None:
    """Write the tables of several labs; exit code 1 if a pack is left out."""
    tables, left_out = labs.join(packs, corpora, reference)
    files = labs.contents(tables)
    for name, content in files.items():
        write_output(out / name, content)
    print_summary(tables, terminal.console())
    for line in left_out:
        click.echo(line, err=True)
    click.echo(f"Tables of {len(packs)} packs: {', '.join(str(out / name) for name in files)}")
    if left_out:
        click.get_current_context().exit(1)
