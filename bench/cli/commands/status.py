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
    from bench.records import plans as kept_plans
    from bench.records.events import Failed
    from bench.records.journal import read_record
    from bench.records.runs import names_of

    records = [read_record(path.parent) for path in sorted(runs.glob("*/cell.json"))]
    if not records:
        click.echo(f"no cells in {runs}: `bench run --all` makes some")
        return
    rows = sorted(records, key=lambda r: (r.cell.dataset_label, r.cell.label, r.cell.seed))
    plans = kept_plans.read_all(runs)
    for record in rows:
        cell, label = record.cell, " or ".join(sorted(names_of(record, plans)))
        failed = record.last(Failed) if record.status == "failed" else None
        note = failed.error if failed else headline(record)
        click.echo(f"{record.status:11} {cell.dataset_label:12} {label:20} seed {cell.seed:<3} {cell.id} {note}")
    counts = Counter(record.status for record in records)
    click.echo(", ".join(f"{count} {state}" for state, count in sorted(counts.items())))
