"""E-values of a table's headline: against each row, over the seeds that both rows have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from bench.judging.evalue import anytime_p, running
from bench.records.journal import Record
from bench.reporting import notes
from bench.reporting.build import build_tables
from bench.reporting.evidence import on_headline, unresolved
from bench.reporting.paper import paper
from bench.reporting.table import Table

OURS = (8.70, 8.74, 8.69, 8.71, 8.73, 8.70)


@pytest.fixture
def table(shop: Any, framed: Any, per_sequence: Callable[[str], pd.DataFrame]) -> Callable[..., Table]:
    def table(**scores: tuple[float, ...]) -> Table:
        records: list[Record] = [
            shop.done(shop.cell(label.replace("_", "-"), seed), {"nll_oracle": value})
            for label, values in scores.items()
            for seed, value in enumerate(values)
        ]
        (made,) = build_tables(framed(records), paper(), per_sequence, {}, None)
        return made

    return table


def test_far_rows_are_resolved_and_near_ones_are_not(table: Any) -> None:
    near = tuple(value + sign * 0.01 for value, sign in zip(OURS, (1, -1, 1, -1, 1, -1), strict=True))
    made = table(real=(5.75,), seqgan=OURS, mle=(9.01, 9.05, 8.99, 9.03, 9.04, 9.02), pg_bleu=near)
    found = {one.name: one for one in on_headline(made)}
    assert {name: one.resolved for name, one in found.items()} == {"MLE": True, "PG-BLEU": False}
    assert {one.wanted for one in found.values()} == {40.0} and {one.seeds for one in found.values()} == {6}
    gaps = [ours - theirs for ours, theirs in zip(OURS, near, strict=True)]
    assert found["PG-BLEU"].evalue == max(running(gaps)) == pytest.approx(1 / anytime_p(gaps))
    assert [one.name for one in unresolved([made])["oracle"]] == ["PG-BLEU"]
    (told,) = [note for note in notes.under(made) if "e-value" in note]
    assert "At 40 or more a difference is resolved at .05 over all 2 rows." in told and "PG-BLEU" in told


def test_only_seeds_that_both_have_count_and_one_is_no_evidence(table: Any) -> None:
    made = table(seqgan=OURS, mle=(9.0,))
    assert [(one.seeds, one.evalue) for one in on_headline(made)] == [(1, 1.0)]
    assert not [note for note in notes.under(made) if "e-value" in note]


def test_without_a_rival_nothing_is_left_to_resolve(table: Any) -> None:
    assert unresolved([table(real=(5.75,), seqgan=OURS)]) == {}
