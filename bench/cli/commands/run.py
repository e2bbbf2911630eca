"""`bench run`: run every baseline on every dataset over seeds, then write the tables."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from bench.cli import options
from bench.contracts.errors import BenchError
from bench.engine import session
from bench.engine.device import resolve_device
from bench.engine.job import TIME_LIMIT
from bench.engine.memory import gib_to_bytes
from bench.engine.pool import cores
from bench.planning import plan as planning
from bench.planning import preset as presets
from bench.planning.plan import Plan
from bench.planning.request import Request, parse_overrides
from bench.plugins import loading as plugins
from bench.records.tracker import Tracker
from bench.reporting.names import refuse_twins
from bench.reporting.reference_row import refuse_unknown
from bench.reporting.write import how_to_look, print_summary, require_writable, write_report
from bench.toolkit.corpora.fetch import Corpora


@click.command(
    "run",
    epilog=options.examples(
        "bench run --all",
        "bench run -b mle -b seqgan -d oracle --seeds 5 --preset lean",
        "bench run -b my_gan.py:MyGan -d poems --set MyGan.rate=0.001",
        "bench run -b mle -d text:reviews.csv#body --plan reviews",
    ),
)
@click.option("--all", "everything", is_flag=True, help="Every baseline on every dataset.")
@click.option("-b", "--baseline", "baselines", multiple=True, help="Name, package.module:Object, or file.py:Object.")
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
@click.option("--seeds", type=click.IntRange(min=1), help="Seeds 0..N-1 of each baseline; else the preset's.")
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
    seeds: int | None,
    overrides: tuple[str, ...],
    jobs: int | None,
    time_limit: float,
    memory_limit: float | None,
    cluster: str | None,
    name: str | None,
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
    request = Request(
        baselines=baselines or tuple(plugins.names("bench.baselines")),
        datasets=datasets or tuple(n for n in plugins.names("bench.datasets") if n != "text"),
        preset=presets.read(preset),
        overrides=parse_overrides(overrides),
        seeds=seeds,
        device=resolve_device(device),
        name=name,
    )
    corpora = Corpora.from_environment(data, corpus)
    plan = planning.make(request, corpora)
    at_once = jobs or (cores() if request.device == "cpu" else 1)
    setup = session.Setup(corpora, runs, at_once, cluster, tracking_uri, wait, time_limit, gib_to_bytes(memory_limit))
    sys.exit(_run(plan, setup, out, reference))


def _run(plan: Plan, setup: session.Setup, out: Path, reference: str | None) -> int:
    """Run the plan and write its tables; return the exit code."""
    refuse_twins(dict.fromkeys(cell.label for cell in plan.cells))
    refuse_unknown(reference, {cell.label for cell in plan.cells})
    require_writable(out)
    console = Console()
    code = session.run(plan, setup, console)
    _report(plan, setup, out, reference, console)
    return code


def _report(plan: Plan, setup: session.Setup, out: Path, reference: str | None, console: Console) -> None:
    """Write the tables, print their first columns, and tell where the rest is."""
    tracker = Tracker(setup.tracking_uri)
    paths, tables = write_report(tracker, plan.name, out, reference)
    print_summary(tables, console)
    for record in session.failed(plan, setup.runs):
        cell, log = record.cell, record.folder / "error.log"
        if log.exists():
            text = f"traceback of {cell.dataset_label} {cell.label} seed {cell.seed}: {log}"
            console.print(text, markup=False, style="red", soft_wrap=True)
    console.print(how_to_look(tracker, out, paths), markup=False, highlight=False, soft_wrap=True)
