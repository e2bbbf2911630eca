"""`bench run`: run every baseline on every dataset over seeds, then write the tables."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
from rich.console import Console

from bench.cli import options, parts
from bench.cli.following import following
from bench.cli.forecast import show as show_forecast
from bench.contracts.errors import BenchError
from bench.engine import beside, session, terminal
from bench.engine.device import resolve_device
from bench.engine.forecast import forecast
from bench.engine.job import TIME_LIMIT
from bench.engine.memory import gib_to_bytes
from bench.engine.planned import planned
from bench.engine.pool import cores
from bench.engine.seen import Seen
from bench.planning import preset as presets
from bench.planning.plan import Plan
from bench.planning.request import Request, Shard, parse_overrides
from bench.plugins import loading as plugins
from bench.plugins.metrics import MetricPlugin
from bench.records.tracker import Tracker
from bench.reporting.evidence import unresolved
from bench.reporting.names import refuse_twins
from bench.reporting.plan_folder import folder_name, print_asked
from bench.reporting.plans_page import write_plans_page
from bench.reporting.reference_row import refuse_unknown
from bench.reporting.report_of_run import report_of_run, show_in_store
from bench.reporting.table import Table
from bench.reporting.write import require_writable, where_it_is, write_files
from bench.toolkit.corpora.fetch import Corpora


@click.command(
    "run",
    epilog=options.examples(
        "bench run --all",
        "bench run -b mle -b seqgan -d oracle --seeds 5 --preset lean",
        "bench run -b my_gan.py:MyGan -d poems --set MyGan.rate=0.001",
        "bench run -b mine=my_gan.py:MyGan -b seqgan -b seqgan@lean -d oracle",
        "bench run -b mle -d text:reviews.csv#body --plan reviews",
    ),
)
@click.option("--all", "everything", is_flag=True, help="Every baseline on every dataset.")
@click.option(
    "-b",
    "--baseline",
    "baselines",
    multiple=True,
    help="Name, package.module:Object, or file.py:Object. NAME=... names its row, ...@PRESET takes another preset's "
    "knobs.",
)
@click.option(
    "-d",
    "--dataset",
    "datasets",
    multiple=True,
    help="Name, text:FILE, NAME=text:FILE, package.module:Object, or file.py:Object. FILE is text, or FILE#column of a "
    "table (csv, tsv, jsonl, json, parquet; gz too).",
)
@click.option(
    "--preset", default="quick", show_default=True, help="smoke, quick, lean, paper, official, or a TOML file."
)
@click.option("--seeds", callback=parts.seeds, metavar="N", help="Seeds 0 to N-1, or 3..5; else the preset's.")
@click.option(
    "--shard", callback=parts.shard, metavar="I/N", help="Run part I of N of the cells, on one of N machines."
)
@click.option(
    "--until-resolved",
    is_flag=True,
    help="Add seeds until an e-value resolves the reference's headline against each row, at .05 however many looks.",
)
@click.option(
    "--most-seeds",
    type=click.IntRange(min=2),
    default=20,
    show_default=True,
    help="With --until-resolved: seeds at most.",
)
@click.option("--set", "overrides", multiple=True, metavar="NAME.KNOB=VALUE", help="Set a knob: seqgan.rollouts=8.")
@click.option("--jobs", type=click.IntRange(min=1), help="Cells at once; default: one per core, or 1 on a GPU.")
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    default=TIME_LIMIT,
    show_default=True,
    metavar="SECONDS",
    help="End a cell in which no epoch ends for so long.",
)
@click.option(
    "--memory-limit",
    type=click.FloatRange(min=0, min_open=True),
    metavar="GIB",
    help="End the largest cell if the cells use more together [default: 0.9 of the machine's or container's memory].",
)
@click.option("--cluster", metavar="ADDRESS", help="Run on a dask cluster at this scheduler address.")
@click.option("--plan", "name", help="Name that groups the runs in MLflow and the tables; default: the preset's.")
@click.option("--dry-run", "dry", is_flag=True, help="List the cells, their hours and memory, and run nothing.")
@options.metrics
@options.wait
@options.reference
@options.device
@options.data
@options.corpus
@options.runs
@options.out
@options.tracking_uri
def command(
    everything: bool,
    baselines: tuple[str, ...],
    datasets: tuple[str, ...],
    preset: str,
    seeds: range | None,
    shard: Shard,
    until_resolved: bool,
    most_seeds: int,
    overrides: tuple[str, ...],
    jobs: int | None,
    time_limit: float,
    memory_limit: float | None,
    cluster: str | None,
    name: str | None,
    dry: bool,
    metrics: tuple[str, ...],
    wait: bool,
    reference: str | None,
    device: str,
    data: str,
    corpus: tuple[str, ...],
    runs: Path,
    out: Path,
    tracking_uri: str | None,
) -> None:
    """Run baselines on datasets over seeds, then write the tables.

    Run it again and it continues what was interrupted.
    """
    if not (everything or baselines or datasets):
        raise BenchError("say what to run: --all, or some of -b BASELINE and -d DATASET (see `bench list`)")
    click.echo("Reading the datasets ...")
    request = _request(baselines, datasets, preset, overrides, device, name)
    request = parts.part_of(request, seeds, shard, until_resolved=until_resolved)
    corpora = Corpora.from_environment(data, corpus)
    own = beside.parsed(metrics)
    plan, seen = planned(request, corpora)
    at_once = jobs or (cores() if request.device == "cpu" else 1)
    if dry:
        return show_forecast(forecast(plan, runs, seen), at_once, terminal.console())
    setup = session.Setup(corpora, runs, at_once, cluster, tracking_uri, wait, time_limit, gib_to_bytes(memory_limit))
    run = partial(_run, setup=setup, out=out, reference=reference, own=own)
    found = plan, seen
    sys.exit(_until_resolved(request, found, corpora, run, most_seeds) if until_resolved else run(*found)[0])


def _request(
    baselines: tuple[str, ...],
    datasets: tuple[str, ...],
    preset: str,
    overrides: tuple[str, ...],
    device: str,
    name: str | None,
) -> Request:
    return Request(
        baselines=baselines or tuple(plugins.names("bench.baselines")),
        datasets=datasets or tuple(n for n in plugins.names("bench.datasets") if n != "text"),
        preset=presets.read(preset),
        overrides=parse_overrides(overrides),
        device=resolve_device(device),
        name=name,
    )


def _until_resolved(
    request: Request,
    found: tuple[Plan, Mapping[str, Seen]],
    corpora: Corpora,
    run: Callable[[Plan, Mapping[str, Seen]], tuple[int, list[Table]]],
    most: int,
) -> int:
    """Run the plan, then the plan of one seed more, until all rows are resolved; return the exit code."""
    code, tables = run(*found)
    while not code and (more := _one_seed_more(request, found[0], tables, most)):
        request, found = more, planned(more, corpora)
        code, tables = run(*found)
    return code


def _one_seed_more(request: Request, plan: Plan, tables: Sequence[Table], most: int) -> Request | None:
    """Return the request with one seed more, and say why; None if all rows are resolved or there are `most` seeds."""
    seeds = 1 + max(cell.seed for cell in plan.cells)
    left = unresolved(tables)
    for dataset, rows in left.items():
        told = ", ".join(f"{one.name} {one.evalue:.3g}" for one in rows)
        click.echo(f"{dataset}, {seeds} seeds: not resolved (e-value, {rows[0].wanted:.0f} wanted): {told}")
    if left and seeds >= most:
        click.echo(f"--most-seeds {most} is reached")
    return replace(request, seeds=seeds + 1) if left and seeds < most else None


def _run(
    plan: Plan,
    seen: Mapping[str, Seen],
    setup: session.Setup,
    out: Path,
    reference: str | None,
    own: Sequence[MetricPlugin],
) -> tuple[int, list[Table]]:
    """Run the plan and write its tables; return the exit code and the tables."""
    refuse_twins(dict.fromkeys(cell.label for cell in plan.cells))
    refuse_unknown(reference, {cell.label for cell in plan.cells})
    require_writable(out / folder_name(plan.name))
    beside.refuse_unfit(plan, own, setup.corpora)
    console = terminal.console()
    ended = session.run(plan, setup, console, seen)
    code = max(ended.code, _judge_beside(plan, setup, own, console))
    return code, _report(plan, setup, out, reference, console, tracked=ended.tracked)


def _judge_beside(plan: Plan, setup: session.Setup, own: Sequence[MetricPlugin], console: Console) -> int:
    """Judge the plan's finished runs by the user's own metrics; return 1 if one of them fails."""
    records = beside.finished(plan, setup) if own else []
    if not records:
        return 0
    try:
        with following("runs judged by your own metrics", len(records)) as step:
            lost = beside.judge(records, plan, setup, own, step)
    except BenchError as error:  # the training is done, and its tables are due
        console.print(f"{error}; `bench rejudge` tries again", markup=False, style="red", soft_wrap=True)
        return 1
    for line in lost:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 0


def _report(
    plan: Plan, setup: session.Setup, out: Path, reference: str | None, console: Console, *, tracked: bool
) -> list[Table]:
    """Write the plan's tables, print what was asked for now, tell where the rest is, and return the tables."""
    tracker, folder = Tracker(setup.tracking_uri), out / folder_name(plan.name)
    warn = partial(console.print, markup=False, highlight=False, style="yellow", soft_wrap=True)
    report, tracked = report_of_run(tracker if tracked else None, plan.name, setup.runs, folder, reference, warn)
    paths = write_files(report, folder)
    write_plans_page(out)
    asked = {(cell.dataset_label, cell.label) for cell in plan.cells}
    print_asked(report.tables, asked, folder, console)
    for record in session.failed(plan, setup.runs):
        cell, log = record.cell, record.folder / "error.log"
        if log.exists():
            text = f"traceback of {cell.dataset_label} {cell.label} seed {cell.seed}: {log}"
            console.print(text, markup=False, style="red", soft_wrap=True)
    told = show_in_store(tracker, report.tables, folder, paths, warn) if tracked else [where_it_is(folder, paths)]
    console.print("\n".join(told), markup=False, highlight=False, soft_wrap=True)
    return report.tables
