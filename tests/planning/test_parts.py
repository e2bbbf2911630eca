"""A part of a plan: the shards are the whole, and seeds are those that were asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from click.testing import CliRunner

from bench.cli.main import bench
from bench.contracts.errors import BenchError
from bench.planning import plan as planning
from bench.planning import preset
from bench.planning.request import Request, Shard
from bench.toolkit.corpora.fetch import Corpora


@pytest.fixture
def request_of(words: str, trainers: Callable[[str], str]) -> Request:
    return Request((trainers("Tiny"), "random-unigram"), (words,), preset.read("smoke"), seeds=4)


def test_the_shards_are_the_whole_plan_and_no_cell_is_in_two(request_of: Request, corpora: Corpora) -> None:
    whole = planning.make(request_of, corpora).cells
    parts = [planning.make(replace(request_of, shard=Shard(n, 4)), corpora).cells for n in range(1, 5)]
    assert len(whole) == 9 and sorted(map(len, parts)) == [2, 2, 2, 3]
    assert sorted(cell.id for part in parts for cell in part) == sorted(cell.id for cell in whole)
    with pytest.raises(BenchError, match="shard 10/10 is empty: the plan has 9 cells; give fewer parts"):
        planning.make(replace(request_of, shard=Shard(10, 10)), corpora)


def test_later_seeds_are_the_cells_that_a_longer_run_has(request_of: Request, corpora: Corpora) -> None:
    whole = planning.make(request_of, corpora).cells
    later = planning.make(replace(request_of, first_seed=2), corpora).cells
    assert {cell.seed for cell in later if cell.label != "real"} == {2, 3}
    assert set(later) <= set(whole) and len(later) == 5


@pytest.mark.parametrize("seeds", [10**9, 10**30])
def test_absurdly_many_seeds_are_refused_before_a_cell_is_made(
    request_of: Request, corpora: Corpora, seeds: int
) -> None:
    with pytest.raises(BenchError, match=r"^1,000,[0,]+ seeds: give at most 100,000$"):
        planning.make(replace(request_of, seeds=seeds), corpora)


def test_a_seed_of_many_digits_is_one_line() -> None:
    for text in ("1.." + "9" * 5_000, "9" * 19):
        ended = CliRunner().invoke(bench, ["run", "-b", "mle", "--seeds", text])
        assert ended.exit_code == 2 and "a seed has at most 18 digits" in ended.output
