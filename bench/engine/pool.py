"""Run cells on a backend: processes of this machine (local), or a dask cluster (dask)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

from bench.engine.backend import Backend, Tick
from bench.engine.job import Context
from bench.planning.cell import Cell
from bench.records.events import Failed, Interrupted
from bench.records.journal import Journal, record_of


def choose(jobs: int, cluster: str | None) -> Backend:
    """Return the dask cluster at the address `cluster`; without an address, `jobs` processes of this machine."""
    if cluster is None:
        from bench.engine.local import Local

        return Local(jobs)
    from bench.engine.dask import Cluster

    return Cluster(cluster)


def run_all(cells: Sequence[Cell], context: Context, jobs: int, tick: Tick, cluster: str | None) -> None:
    """Run every cell and call `tick` a few times a second. On Ctrl-C or an error of `tick`, the workers save first.

    A cell whose worker died is tried once more, alone, after all others have ended: they may have taken the memory
    that it lacked.
    """
    if not cells:
        return
    backend = choose(jobs, cluster)
    for cell in backend.run(cells, context, tick):
        if backend.run([cell], context, tick):
            folder = context.runs / cell.id
            death = record_of(cell, folder).last(Interrupted)
            why = death.error if death else "no cause known"
            with suppress(OSError):  # no room: the run says so at its end
                Journal(folder).append(Failed(error=f"{cell.label}: its worker died twice ({why})"))
            tick()


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
