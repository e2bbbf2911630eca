"""The options that name a part of a plan: seeds and shards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click
import pytest

from bench.cli import parts
from bench.contracts.errors import BenchError
from bench.planning import preset
from bench.planning.request import WHOLE, Request, Shard

HERE: Any = (click.Context(click.Command("run")), click.Option(["--seeds"]))
REQUEST = Request(baselines=("mle",), datasets=("oracle",), preset=preset.read("smoke"))


@pytest.mark.parametrize(("text", "found"), [("5", range(5)), ("3..5", range(3, 6)), ("2..2", range(2, 3))])
def test_seeds(text: str, found: range) -> None:
    assert parts.seeds(*HERE, text) == found and parts.seeds(*HERE, None) is None


@pytest.mark.parametrize("text", ["0", "-1", "a", "3..", "5..3", "1.5", "", "1..2..3"])
def test_other_texts_are_no_seeds(text: str) -> None:
    with pytest.raises(click.BadParameter, match="seed"):
        parts.seeds(*HERE, text)


def test_a_shard_is_one_of_its_parts() -> None:
    assert parts.shard(*HERE, "2/8") == Shard(2, 8) and parts.shard(*HERE, None) == WHOLE
    for text in ("0/8", "9/8", "2", "a/b", "1/0", "-1/2"):
        with pytest.raises(click.BadParameter, match="no part such as 2/8"):
            parts.shard(*HERE, text)


def test_the_request_is_for_these_seeds_and_this_shard() -> None:
    assert parts.part_of(REQUEST, None, WHOLE, until_resolved=True) == REQUEST
    found = parts.part_of(REQUEST, range(3, 6), Shard(2, 8), until_resolved=False)
    assert found == replace(REQUEST, first_seed=3, seeds=6, shard=Shard(2, 8))


@pytest.mark.parametrize(("seeds", "shard"), [(None, Shard(1, 2)), (range(1, 4), WHOLE)])
def test_tables_of_a_part_resolve_nothing(seeds: range | None, shard: Shard) -> None:
    with pytest.raises(BenchError, match="--until-resolved looks at whole tables"):
        parts.part_of(REQUEST, seeds, shard, until_resolved=True)
