"""A dask cluster in place of local processes: the same cells, the same numbers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench import pool
from bench.cell import Cell
from bench.job import Context
from bench.journal import read_record, write_cell

distributed = pytest.importorskip("distributed", reason="dask.distributed absent: the extra `cluster` brings it")


@pytest.fixture
def address() -> Iterator[str]:
    """Two worker processes of one thread each, on loopback."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1", silence_logs=40
    ) as cluster:
        yield cluster.scheduler_address


@pytest.mark.slow
def test_a_cluster_gives_the_numbers_of_one_machine(
    address: str, make_cell: Callable[..., Cell], context: Context, tmp_path: Path
) -> None:
    cells = [make_cell(seed=seed) for seed in range(3)]
    pool.run_all(cells, context, 2, lambda: None, None)
    there = replace(context, runs=tmp_path / "there", stop=tmp_path / "there" / ".stop")
    for cell in cells:
        write_cell(cell, there.runs)
    pool.run_all(cells, there, 2, lambda: None, address)
    here, far = ([read_record(c.runs / cell.id) for cell in cells] for c in (context, there))
    assert [record.status for record in far] == ["done"] * 3
    assert [record.scores for record in here] == [record.scores for record in far]


@pytest.mark.slow
@pytest.mark.parametrize("grace", [0.0, 60.0])
def test_ctrl_c_reaches_the_clusters_workers(
    address: str, make_cell: Callable[..., Cell], context: Context, monkeypatch: pytest.MonkeyPatch, grace: float
) -> None:
    """Two cells are at an epoch, two wait: all leave, though the parent may not stay to see it."""
    monkeypatch.setattr(pool, "GRACE", grace)
    cells = [make_cell("Slow", seed=seed, Slow__epochs=1_000) for seed in range(4)]

    def statuses() -> list[str]:
        return sorted(read_record(context.runs / cell.id).status for cell in cells)

    def press_once_training() -> None:
        if statuses().count("running") == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pool.run_all(cells, context, 2, press_once_training, address)
    assert context.stop.exists() == (grace == 0)
    until = time.monotonic() + 60
    while "running" in statuses() and time.monotonic() < until:
        time.sleep(0.1)
    assert statuses() == ["interrupted"] * 2 + ["pending"] * 2
