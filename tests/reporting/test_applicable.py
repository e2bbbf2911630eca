"""Published values stand only beside runs on the published data and metrics computed as published."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from bench.reporting import grids, latex, notes, render
from bench.reporting.build import build_tables
from bench.reporting.page.page import html
from bench.reporting.paper import paper
from bench.reporting.table import Table
from bench.reporting.to_csv import table_csv

Build = Callable[..., Table]
HEADLINES = {"oracle": "nll_oracle", "poems": "bleu-2", "obama": "bleu-3", "nottingham": "bleu-4", "coco": "bleu-2"}
BLEU = "|smooth:method1|avg:mean"


def source(kind: str) -> dict[str, str]:
    return {"file": f"{kind}.txt", "sha256": "ab" * 32, "licence": "none", "kind": kind}


@pytest.fixture
def build(shop: Any, framed: Callable[..., pd.DataFrame], per_sequence: Callable[[str], pd.DataFrame]) -> Build:
    """build("oracle", "sample"): the table of an MLE and a SeqGAN run on data of that kind."""

    def build_(dataset: str, kind: str, scores: dict[str, float] | None = None, signature: str = BLEU) -> Table:
        told = tuple(sorted(paper().tables[dataset].requires.items()))
        runs = [
            shop.done(
                shop.cell(label, 0, dataset, dataset_settings=told),
                scores or {HEADLINES[dataset]: 0.5},
                source=source(kind),
                signature=signature,
            )
            for label in ("mle", "seqgan")
        ]
        (table,) = build_tables(framed(runs), paper(), per_sequence, {})
        return table

    return build_


def figures_of(dataset: str) -> set[str]:
    """Return all published digits of a table."""
    spec = paper().tables[dataset]
    values = {value for column in spec.published.values() for value in column.values()}
    p = {value for column in spec.p.values() for value in column.values()}
    return values | set(spec.human.values()) | (p - {"< 1e-6"})


def without_code(page: str) -> str:
    """Return the page without its style sheet and scripts, which hold numbers of their own."""
    return re.sub(r"<style>.*?</style>|<script>.*?</script>", "", page, flags=re.S)


@pytest.mark.parametrize("dataset", HEADLINES)
@pytest.mark.parametrize("kind", ["sample", "generated"])
def test_nothing_published_stands_beside_made_up_data(build: Build, dataset: str, kind: str) -> None:
    table = build(dataset, kind)
    assert "published" not in grids.scores(table).header and "Human score ↑" not in grids.scores(table).header
    assert [row.label for row in table.rows] == ["mle", "seqgan"], "no row that is published only"
    assert all(one.p_published is None for one in table.comparisons)
    under = notes.under(table)
    assert [note for note in under if note.startswith("No published values: ")] == [under[-1]]
    assert not [note for note in under if note.startswith("Published: ") or note in table.spec.published_notes]
    pages = (latex.wide, latex.tests, latex.text, render.markdown, lambda made: without_code(html([made])))
    for write in (*pages, table_csv):
        text = write(table)
        assert [digits for digits in figures_of(dataset) if digits in text] == []


@pytest.mark.parametrize("dataset", HEADLINES)
def test_published_values_stand_beside_the_published_data(build: Build, dataset: str) -> None:
    table = build(dataset, "published")
    assert "published" in grids.scores(table).header
    assert {row.label for row in table.rows} == {"mle", "seqgan"} | paper().tables[dataset].labels
    under = notes.under(table)
    assert set(paper().tables[dataset].published_notes) <= set(under)
    assert not [note for note in under if note.startswith(("No published values", "The corpus here is"))]


@pytest.mark.parametrize("dataset", HEADLINES)
def test_beside_a_local_file_it_is_said_that_the_file_is_not_the_published_one(build: Build, dataset: str) -> None:
    table = build(dataset, "local")
    assert "published" in grids.scores(table).header
    assert notes.under(table)[-1] == (
        "The corpus here is the local file local.txt. "
        "The published values are about the published corpus, which this file replaces."
    )


def test_a_table_without_published_values_says_nothing_of_them(
    shop: Any, framed: Callable[..., pd.DataFrame], per_sequence: Callable[[str], pd.DataFrame]
) -> None:
    run = shop.done(shop.cell("mle", 0, "text:mine.txt"), {"bleu-2": 0.5}, source=source("local"))
    (table,) = build_tables(framed([run]), paper(), per_sequence, {})
    assert not [note for note in notes.under(table) if "ublished" in note]


def test_published_values_stand_beside_metrics_made_alike_alone(build: Build) -> None:
    """Texygen's Self-BLEU is of 9,984 samples, and grows with their number; its BLEU does not depend on it."""
    scores = {"bleu-2": 0.7, "train-bleu-2": 0.9, "self-bleu-2": 0.8}
    few = build("coco", "published", scores, BLEU)
    assert [column.metric for column in few.columns if column.published] == ["bleu-2", "train-bleu-2"]
    assert notes.under(few)[-1] == (
        "No published values beside Self-BLEU-2: published with hyps:9984; see the signature here."
    )
    all_of_them = build("coco", "published", scores, f"{BLEU}|hyps:9984")
    assert all(column.published for column in all_of_them.columns)
    unsmoothed = build("coco", "published", scores, "|smooth:none|avg:mean|hyps:9984")
    assert not any(column.published for column in unsmoothed.columns)
    assert [row.label for row in unsmoothed.rows] == ["mle", "seqgan"]
    assert notes.under(unsmoothed)[-1] == (
        "No published values beside BLEU-2, BLEU-2 (train), Self-BLEU-2: "
        "published with smooth:method1; see the signature here."
    )


def test_models_without_an_arm_are_published_rows(build: Build) -> None:
    table = build("coco", "published", {"bleu-2": 0.7, "train-bleu-2": 0.9}, BLEU)
    cells = {row[0]: row[1:] for row in grids.scores(table).rows}
    assert list(cells) == ["MLE", "SeqGAN", "LeakGAN", "MaliGAN", "RankGAN", "TextGAN"]
    assert cells["TextGAN"] == ("0", "-", "0.593", "-", "0.650")
    assert cells["MLE"] == ("1", "0.7000", "0.731", "0.9000", "0.921")
