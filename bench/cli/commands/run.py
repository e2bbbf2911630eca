"""`bench run`: every baseline x every dataset x seeds; resumes what is unfinished; then the tables."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bench.cli import options
from bench.contracts.errors import BenchError


@click.command("run")
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
@click.option(
    "--set", "overrides", multiple=True, metavar="NAME.KNOB=VALUE", help="Overrule a knob: seqgan.rollouts=8."
)
@click.option("--jobs", type=click.IntRange(min=1), help="Cells at once; default: the cores, or 1 on a GPU.")
@click.option("--cluster", metavar="ADDRESS", help="Run on a dask cluster at this scheduler address.")
@click.option("--plan", "name", help="Name that groups the runs in MLflow and the tables; default: the preset's.")
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
    cluster: str | None,
    name: str | None,
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
    from bench.engine import session
    from bench.engine.device import resolve_device
    from bench.engine.pool import cores
    from bench.planning import plan as planning
    from bench.planning import preset as presets
    from bench.plugins import loading as plugins
    from bench.reporting.names import refuse_twins
    from bench.toolkit.corpora.fetch import Corpora

    if not (everything or baselines or datasets):
        raise BenchError("say what to run: --all, or some of -b BASELINE and -d DATASET (see `bench list`)")
    kind = resolve_device(device)
    request = planning.Request(
        baselines=baselines or tuple(plugins.names("bench.baselines")),
        datasets=datasets or tuple(n for n in plugins.names("bench.datasets") if n != "text"),
        preset=presets.read(preset),
        overrides=planning.overrides(overrides),
        seeds=seeds,
        device=kind,
        name=name,
    )
    corpora = Corpora.from_environment(data, corpus)
    plan = planning.make(request, corpora)
    refuse_twins(dict.fromkeys(cell.label for cell in plan.cells))
    setup = session.Setup(
        corpora=corpora,
        runs=runs,
        out=out,
        jobs=jobs or (cores() if kind == "cpu" else 1),
        cluster=cluster,
        tracking_uri=tracking_uri,
    )
    sys.exit(session.run(plan, setup))
