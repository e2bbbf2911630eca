"""`bench verify`: say what is whole, damaged or missing, and take every score again without training."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from bench.cli import options
from bench.contracts.errors import BenchError
from bench.judging.verify import WRONG, Finding, verify
from bench.records.runs import RunsFolder
from bench.reporting.unpack import check
from bench.toolkit.corpora.fetch import Corpora


@click.command(
    "verify",
    epilog=options.examples("bench verify", "bench verify quick", "bench verify of-another-lab.zip --data published"),
)
@click.argument("what", required=False)
@click.option("--checksums", is_flag=True, help="Compare checksums only; take no score again.")
@options.data
@options.corpus
@options.runs
@click.pass_context
def command(
    ctx: click.Context, what: str | None, checksums: bool, data: str, corpus: tuple[str, ...], runs: Path
) -> None:
    """Verify finished runs without training.

    WHAT is a runs folder, a zip file of `bench pack`, or the name of a plan; by default it is the folder --runs. The
    command compares the checksums of each cell, and recomputes its scores from the samples and the weights that it
    kept; for a zip file it recomputes the tests too. The exit code is 1 if something is damaged, missing, or differs.
    """
    corpora = Corpora.from_environment(data, corpus)
    faults: tuple[str, ...] = ()
    if what is not None and Path(what).is_file():
        faults, found = check(Path(what), corpora, _tell, scores=not checksums)
    else:
        folder, plan = _target(what, runs)
        found = tuple(verify(folder, plan, corpora, _tell, scores=not checksums))
        if not found:
            raise BenchError(f"no cells in {folder}: `bench run` makes some")
    for fault in faults:
        click.echo(f"wrong      {fault}")
    counts = Counter(finding.state for finding in found) + Counter({"wrong": len(faults)})
    click.echo(", ".join(f"{count} {state}" for state, count in sorted(counts.items())))
    if faults or any(finding.state in WRONG for finding in found):
        ctx.exit(1)


def _target(what: str | None, runs: Path) -> tuple[RunsFolder, str | None]:
    if what is None or Path(what).is_dir():
        folder = runs if what is None else Path(what)
        if not folder.is_dir():
            raise BenchError(f"no runs folder {folder}: give its path")
        return RunsFolder(folder), None
    return RunsFolder(runs), what


def _tell(finding: Finding) -> None:
    seed = "?" if finding.seed is None else finding.seed
    head = f"{finding.state:10} {finding.dataset:12} {finding.label:20} seed {seed:<3} {finding.cell}"
    click.echo(" ".join([head, "; ".join(finding.notes)]))
