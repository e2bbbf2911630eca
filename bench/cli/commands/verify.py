"""`bench verify`: say what is whole, damaged or missing, and take every score again without training."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from bench.cli import options
from bench.contracts.errors import BenchError
from bench.engine import retrain
from bench.judging import retrained
from bench.judging.retrained import Again
from bench.judging.verify import WRONG, Finding, verify
from bench.records.journal import Record
from bench.records.runs import RunsFolder
from bench.reporting.unpack import Unpacked, examine, unpacked
from bench.toolkit.corpora.fetch import Corpora


@click.command(
    "verify",
    epilog=options.examples(
        "bench verify",
        "bench verify quick",
        "bench verify of-another-lab.zip --data published",
        "bench verify of-another-lab.zip --retrain seqgan",
    ),
)
@click.argument("what", required=False)
@click.option("--checksums", is_flag=True, help="Compare checksums only; take no score again.")
@click.option(
    "--retrain",
    "rows",
    multiple=True,
    metavar="ROW",
    help="Of a zip file: train a cell of this row again on each dataset, and compare. Repeat it for the next seed.",
)
@options.data
@options.corpus
@options.runs
@click.pass_context
def command(
    ctx: click.Context,
    what: str | None,
    checksums: bool,
    rows: tuple[str, ...],
    data: str,
    corpus: tuple[str, ...],
    runs: Path,
) -> None:
    """Verify finished runs, without training unless you ask for it.

    WHAT is a runs folder, a zip file of `bench pack`, or the name of a plan; by default it is the folder --runs. The
    command compares the checksums of each cell, and recomputes its scores from the samples and the weights that it
    kept; for a zip file it recomputes the tests too. The exit code is 1 if something is damaged, missing, or differs.

    --retrain trains into the folder "retrained". `bench report --from` then marks the rows as re-trained.
    """
    corpora = Corpora.from_environment(data, corpus)
    faults: tuple[str, ...] = ()
    other = 0
    if what is not None and Path(what).is_file():
        with unpacked(Path(what)) as pack:
            faults, found = examine(pack, corpora, _tell, scores=not checksums)
            wrong = faults or any(finding.state in WRONG for finding in found)
            other = 0 if wrong else sum(not one.same for row in rows for one in _retrain(pack, row, corpora))
            if wrong and rows:
                click.echo("not trained again: the pack is not sound")
    elif rows:
        raise BenchError("--retrain is for a zip file of `bench pack`: a plan is trained by `bench run`")
    else:
        folder, plan = _target(what, runs)
        found = tuple(verify(folder, plan, corpora, _tell, scores=not checksums))
        if not found:
            raise BenchError(f"no cells in {folder}: `bench run` makes some")
    for fault in faults:
        click.echo(f"wrong      {fault}")
    counts = Counter(finding.state for finding in found) + Counter({"wrong": len(faults)})
    click.echo(", ".join(f"{count} {state}" for state, count in sorted(counts.items())))
    if faults or other or any(finding.state in WRONG for finding in found):
        ctx.exit(1)


def _retrain(pack: Unpacked, row: str, corpora: Corpora) -> list[Again]:
    """Train a cell of the row again on each dataset; print and return what comes of it."""
    chosen = retrain.chosen(pack.runs.of_plan(pack.plan), row)
    for record in chosen:
        click.echo(f"training   {_head(record)} again, into {retrained.FOLDER}/ ...")
    retrain.retrain(chosen, corpora)
    found = []
    for record in chosen:
        if (one := retrained.again(record)) is not None:
            click.echo(f"{'re-trained' if one.same else 'otherwise':10} {_head(record)}: {one}")
            found.append(one)
    return found


def _head(record: Record) -> str:
    return f"{record.cell.dataset_label} {record.cell.label} seed {record.cell.seed}"


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
