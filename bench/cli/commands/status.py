"""`bench status`: where each cell of the folder stands."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from bench.cli import options


@click.command("status")
@options.runs
def command(runs: Path) -> None:
    """Show where each cell of the folder stands."""
    from bench.engine.progress import headline
    from bench.records.events import Failed
    from bench.records.runs import RunsFolder

    stored = RunsFolder(runs)
    records = stored.records()
    if not records:
        click.echo(f"no cells in {runs}: `bench run --all` makes some")
        return
    rows = sorted(records, key=lambda r: (r.cell.dataset_label, r.cell.label, r.cell.seed))
    for record in rows:
        cell, label = record.cell, " or ".join(sorted(stored.names_of(record)))
        failed = record.last(Failed) if record.status == "failed" else None
        note = failed.error if failed else headline(record)
        click.echo(f"{record.status:11} {cell.dataset_label:12} {label:20} seed {cell.seed:<3} {cell.id} {note}")
    counts = Counter(record.status for record in records)
    click.echo(", ".join(f"{count} {state}" for state, count in sorted(counts.items())))
