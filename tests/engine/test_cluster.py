"""A dask cluster gives the same numbers as local processes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.engine import pool, same_code
from bench.engine.dask import Cluster
from bench.engine.job import Context
from bench.planning import plan as planning
from bench.planning import preset
from bench.planning.cell import Cell
from bench.planning.request import Request
from bench.records.journal import Journal, read_record, write_cell

distributed = pytest.importorskip("distributed", reason="dask.distributed absent: the extra `cluster` brings it")


@pytest.fixture
def address() -> Iterator[str]:
    """Start two worker processes of one thread each, on loopback; return the scheduler's address."""
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


def statuses(cells: Sequence[Cell], context: Context) -> list[str]:
    return sorted(read_record(context.runs / cell.id).status for cell in cells)


def press_once_two_run(cells: Sequence[Cell], context: Context, address: str) -> None:
    """Press Ctrl-C when two cells are at an epoch and two wait."""

    def press() -> None:
        if statuses(cells, context).count("running") == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pool.run_all(cells, context, 2, press, address)


@pytest.mark.slow
def test_ctrl_c_reaches_the_clusters_workers(address: str, make_cell: Callable[..., Cell], context: Context) -> None:
    cells = [make_cell("Halts", seed=seed) for seed in range(4)]
    press_once_two_run(cells, context, address)
    assert not context.stop.exists() and statuses(cells, context) == ["interrupted"] * 2 + ["pending"] * 2


@pytest.mark.slow
def test_workers_leave_though_the_parent_did_not_stay_to_see_it(
    address: str, make_cell: Callable[..., Cell], context: Context, trainers: Callable[[str], str], tmp_path: Path
) -> None:
    """Their epoch ends after the parent has gone: it waits for another file than the stop file."""
    context = replace(context, stop=tmp_path / "leave")
    cells = [make_cell("Waits", seed=seed) for seed in range(4)]
    press_once_two_run(cells, replace(context, grace=0.0), address)
    assert context.stop.exists() and statuses(cells, context) == ["pending"] * 2 + ["running"] * 2
    Path(trainers("Waits").rpartition(":")[0]).with_name("go").touch()
    until = time.monotonic() + 300
    while "running" in statuses(cells, context):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert statuses(cells, context) == ["interrupted"] * 2 + ["pending"] * 2


@pytest.mark.slow
def test_workers_in_another_folder_find_what_was_named_by_a_relative_path(
    address: str, trainers: Callable[[str], str], context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workers were started in the folder that the tests run in."""
    (tmp_path / "corpus.txt").write_text("".join(f"{a} {b} {c}\n" for a in "abcde" for b in "fghij" for c in "kl"))
    trainer = Path(trainers("Tiny"))
    monkeypatch.chdir(tmp_path)
    request = Request((trainer.name,), ("text:corpus.txt",), preset.read("smoke"))
    cells = planning.make(request, context.corpora).cells
    for cell in cells:
        write_cell(cell, context.runs)
    pool.run_all(cells, context, 2, lambda: None, address)
    assert statuses(cells, context) == ["done"] * 2


@pytest.mark.slow
def test_a_worker_with_other_code_is_refused(
    address: str, make_cell: Callable[..., Cell], context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = same_code.own()
    monkeypatch.setattr(same_code, "own", lambda: {**mine, "torch": "9.9"})
    cell = make_cell()
    told = f"^the cluster's worker on .* has torch {re.escape(mine['torch'])}, and this bench 9.9: install the same"
    with pytest.raises(BenchError, match=told):
        Cluster(address).run([cell], context, lambda: None)
    assert not Journal(context.runs / cell.id).read()
