"""`bench pack`: write a plan into one zip file that anyone can verify."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli import options
from bench.files import write_output
from bench.records.runs import RunsFolder
from bench.reporting.pack import pack


@click.command("pack", epilog=options.examples("bench pack quick", "bench pack lean --out lean-of-our-lab.zip"))
@click.argument("plan")
@click.option("--out", type=click.Path(path_type=Path), help="The zip file [default: PLAN.zip].")
@options.runs
def command(plan: str, out: Path | None, runs: Path) -> None:
    """Pack a plan into a zip file that anyone can verify.

    It holds the settings, the checksums of code and data, samples, scores per sequence, weights, the environment and
    the tables with their tests. `bench verify FILE.zip` recomputes every score and every test without training.
    """
    path = Path(f"{plan}.zip") if out is None else out
    content = pack(RunsFolder(runs), plan)
    write_output(path, content)
    click.echo(f"{path}: {len(content) / 2**20:.1f} MiB; `bench verify {path}` takes every score again")
