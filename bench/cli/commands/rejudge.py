"""`bench rejudge`: judge finished runs by metrics of the user's own, without training again."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli import options
from bench.cli.following import following
from bench.contracts.errors import BenchError
from bench.judging import rejudge
from bench.plugins import metrics as metric_plugins
from bench.records.runs import RunsFolder
from bench.records.tracker import Tracker
from bench.toolkit.corpora.fetch import Corpora


@click.command(
    "rejudge",
    epilog=options.examples(
        "bench rejudge --metric distinct.py:Distinct",
        "bench rejudge --metric distinct.py:Distinct --plan lean -d poems",
    ),
)
@options.metrics
@click.option("-d", "--dataset", help="Only the runs of this dataset, as the tables call it or as for `bench run`.")
@options.plan
@options.data
@options.corpus
@options.runs
@options.tracking_uri
def command(
    metrics: tuple[str, ...],
    dataset: str | None,
    plan: str | None,
    data: str,
    corpus: tuple[str, ...],
    runs: Path,
    tracking_uri: str | None,
) -> None:
    """Judge finished runs by your own metrics.

    They judge the samples and generators that the runs kept. Nothing is trained, and no other score changes.
    `bench report` then shows one more column for each metric.
    """
    if not metrics:
        raise BenchError("say which metric, as in --metric distinct.py:Distinct")
    plugins = [metric_plugins.parse(text) for text in dict.fromkeys(metrics)]
    records = rejudge.chosen(RunsFolder(runs), plan, dataset)
    tracker = Tracker(tracking_uri)
    with following("runs judged", len(records)) as step:
        lost = rejudge.rejudge_folder(records, plugins, Corpora.from_environment(data, corpus), runs, tracker, step)
    for line in lost:
        click.echo(line)
    click.echo(f"{len(records)} finished runs are judged by {', '.join(one.told for one in plugins)}")
