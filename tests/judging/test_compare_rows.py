"""Two rows on all metrics: paired where starts are shared, Holm over metrics, and the floor in seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from bench.contracts.errors import BenchError
from bench.contracts.metric import Score
from bench.judging import pair_verdict, statistics
from bench.judging.compare_rows import compare_rows
from bench.planning.cell import Cell, Evaluation
from bench.records.events import Done, Event, SharedStart
from bench.records.journal import Record

Row = Callable[..., list[Record]]
CELL = Cell(
    label="a",
    reference="a",
    baseline="a",
    settings=(),
    dataset="d",
    dataset_label="d",
    dataset_settings=(),
    fingerprint="same",
    seed=0,
    evaluation=Evaluation(),
)


def row(
    label: str, values: dict[str, list[float]], *, starts: bool = False, signature: str = "s", fingerprint: str = "same"
) -> list[Record]:
    """Return a finished run for each place of the lists."""
    found = []
    for seed in range(len(next(iter(values.values())))):
        scores = {name: Score(value=each[seed], better="lower", signature=signature) for name, each in values.items()}
        events: list[Event] = [Done(scores=scores, hypotheses=10, seconds=1.0)]
        if starts:
            events.insert(0, SharedStart(key=f"start {seed}", found=False, seconds=0.0))
        cell = replace(CELL, label=label, baseline=label, seed=seed, fingerprint=fingerprint)
        found.append(Record(cell, Path(), tuple(events)))
    return found


def test_runs_from_shared_starts_are_pairs() -> None:
    rng = np.random.default_rng(0)
    start = rng.normal(0, 1, 8)
    mine, theirs = (list(start + gap + rng.normal(0, 0.01, 8)) for gap in (0, 0.1))
    paired = compare_rows(row("a", {"m": mine}, starts=True), row("b", {"m": theirs}, starts=True))
    alone = compare_rows(row("a", {"m": mine}), row("b", {"m": theirs}))
    assert paired.paired == tuple(range(8)) and alone.paired == ()
    (one,), (other,) = paired.metrics, alone.metrics
    assert one.holm == pytest.approx(2 / 2**8) and one.verdict is not None and one.verdict.word == "better"
    assert one.found is not None and one.found.p_t == pytest.approx(stats.ttest_rel(mine, theirs).pvalue)
    assert other.holm == statistics.permutation(mine, theirs) and other.verdict is not None
    assert other.verdict.word == "not distinguishable" and other.needed is None
    assert one.one == pytest.approx(np.mean(mine)) and one.other == pytest.approx(np.mean(theirs))


def test_holm_counts_the_metrics_and_a_choice_of_them_counts_less() -> None:
    rng = np.random.default_rng(1)
    names = [f"m{index}" for index in range(5)]
    mine, theirs = ({name: list(rng.normal(gap, 1, 6)) for name in names} for gap in (0, 3))
    whole = compare_rows(row("a", mine), row("b", theirs))
    plain = [statistics.permutation(mine[name], theirs[name]) for name in names]
    assert [one.holm for one in whole.metrics] == statistics.holm(plain) and whole.family == 5
    few = compare_rows(row("a", mine), row("b", theirs), ["m2"])
    assert [one.metric for one in few.metrics] == ["m2"] and few.metrics[0].holm == plain[2]


def test_too_few_seeds_are_told_in_place_of_a_p_that_cannot_fall() -> None:
    three = compare_rows(row("a", {"m": [1.0, 1.1, 1.2]}), row("b", {"m": [9.0, 9.1, 9.2]}))
    assert (
        three.metrics[0].needed == 4
        and compare_rows(row("a", {"m": [1.0, 1.1, 1.2, 1.3]}), row("b", {"m": [9.0, 9.1, 9.2, 9.3]})).metrics[0].needed
        is None
    )


@pytest.mark.parametrize(("family", "unpaired", "by_seed"), [(1, 4, 6), (6, 5, 8), (11, 6, 9), (23, 6, 10)])
def test_the_floor_is_the_least_number_of_seeds(family: int, unpaired: int, by_seed: int) -> None:
    assert pair_verdict.seeds_to_pass([False] * family) == [unpaired] * family
    assert pair_verdict.seeds_to_pass([True] * family) == [by_seed] * family


def test_of_tests_of_two_kinds_each_needs_its_own_seeds() -> None:
    """Holm begins with the unpaired tests, whose least p is smaller: 4 paired ones need 4 * 2 / 2^8 to be below .05."""
    assert pair_verdict.seeds_to_pass([True, False, True, True, True, *[False] * 6]) == [8, 6, 8, 8, 8, *[6] * 6]
    assert pair_verdict.seeds_to_pass([True], level=0.2) == [4]
    assert pair_verdict.seeds_to_pass([False] * 6000) == [None] * 6000, "no p of 100,000 draws is below .05 / 6,000"


def test_what_is_not_made_alike_is_left_out_or_refused() -> None:
    mine = row("a", {"m": [1.0, 2.0], "n": [1.0, 2.0]})
    with pytest.raises(BenchError, match="made from different data"):
        compare_rows(mine, row("b", {"m": [1.0, 2.0]}, fingerprint="other"))
    with pytest.raises(BenchError, match="no metric of the two rows was made in the same way"):
        compare_rows(mine, row("b", {"m": [1.0, 2.0]}, signature="t"))
    found = compare_rows(mine, row("b", {"m": [1.0, 2.0], "k": [1.0, 2.0]}))
    assert [one.metric for one in found.metrics] == ["m"] and found.left_out == ("n", "k")
    with pytest.raises(BenchError, match="n cannot be compared: both rows have, made in the same way, m"):
        compare_rows(mine, row("b", {"m": [1.0, 2.0]}), ["n"])
