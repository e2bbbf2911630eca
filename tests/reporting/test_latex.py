"""LaTeX for a paper: tabulars that fit, marks, labels, and a document that compiles."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.records.journal import Record
from bench.reporting import grids, latex, tabular
from bench.reporting.build import build_tables
from bench.reporting.paper import paper
from bench.reporting.table import Table

Make = Callable[..., Table]
METRICS = tuple(paper().metrics)
needs_pdflatex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex absent: install texlive")


@pytest.fixture
def make(shop: Any, framed: Callable[..., pd.DataFrame]) -> Make:
    def made(labels: tuple[str, ...], metrics: tuple[str, ...], seeds: int = 6, dataset: str = "mine") -> Table:
        rng = np.random.default_rng(0)
        records = [
            shop.done(shop.cell(label, seed, dataset), {metric: float(rng.normal(9, 0.1)) for metric in metrics})
            for label in labels
            for seed in range(1 if label == "real" else seeds)
        ]
        (table,) = build_tables(framed(records), paper(), lambda run_id: pd.DataFrame(), {})
        return table

    return made


def headers(layout: tabular.Layout) -> list[str]:
    return [stack.header for stack in layout.stacks]


def test_a_table_that_fits_has_all_columns(make: Make) -> None:
    layout = tabular.narrow(make(("real", "mle", "seqgan"), METRICS[:2]))
    assert headers(layout) == ["NLL_oracle ↓", "NLL_test ↓"] and layout.above == 1


def test_many_columns_of_few_rows_are_transposed(make: Make) -> None:
    table = make(("mle", "ngram"), METRICS[:20])
    layout = tabular.narrow(table)
    assert [" ".join(tabular.lines(cell.text)) for cell in layout.names.cells] == [
        f"{column.name} ↓" for column in table.columns
    ]
    assert headers(layout) == ["MLE", "n-gram (Kneser-Ney)"] and layout.width <= tabular.COLUMN
    assert "lacks" not in latex.narrow(table)


def test_of_many_columns_and_rows_the_first_columns_stay_and_the_rest_is_named(make: Make) -> None:
    table = make(paper().order, METRICS[:20])
    layout = tabular.narrow(table)
    shown = len(layout.stacks)
    assert 1 < shown < 20 and headers(layout) == [f"{column.name} ↓" for column in table.columns[:shown]]
    assert layout.width <= tabular.COLUMN
    (told,) = (line for line in latex.narrow(table).splitlines() if "lacks" in line)
    assert told.startswith("%") and f"lacks {table.columns[shown].name.replace('_', chr(92) + '_')}" in told


def test_wide_tabulars_hold_every_column_once_and_keep_families_together(make: Make) -> None:
    table = make(paper().order, METRICS)
    blocks = tabular.wide(table)
    assert [header for block in blocks for header in headers(block)] == [f"{c.name} ↓" for c in table.columns]
    assert all(block.width <= tabular.PAGE for block in blocks) and len(blocks) > 2
    assert sum(any(header.startswith("BLEU-2 (train)") for header in headers(block)) for block in blocks) == 1
    (family,) = (headers(block) for block in blocks if "Self-BLEU-2 ↓" in headers(block))
    assert {f"Self-BLEU-{order} ↓" for order in (2, 3, 4, 5)} <= set(family)


def test_runs_have_a_column_only_if_rows_differ(make: Make, shop: Any, framed: Callable[..., pd.DataFrame]) -> None:
    records = [shop.done(shop.cell(label, seed, "mine"), {"m": 1.0}) for label in ("a", "b") for seed in range(2)]
    records += [shop.done(shop.cell("real", 0, "mine"), {"m": 0.5})]
    tables = [
        build_tables(framed(found), paper(), lambda run_id: pd.DataFrame(), {})[0] for found in (records, records[1:])
    ]
    assert [headers(tabular.narrow(table)) for table in tables] == [["m ↓"], ["Runs", "m ↓"]]


def test_best_is_bold_and_next_underlined(shop: Any, framed: Callable[..., pd.DataFrame]) -> None:
    values = {"a": 1.0, "b": 1.001, "c": 3.0, "d": 4.0}
    records = [
        shop.done(shop.cell(label, seed, "mine"), {"m": value + seed / 50})
        for label, value in values.items()
        for seed in range(6)
    ]
    (table,) = build_tables(framed(records), paper(), lambda run_id: pd.DataFrame(), {})
    lines = {line.partition(" ")[0]: line for line in latex.narrow(table).splitlines()}
    assert r"\textbf{1.0500} & \seqbenchhalf" in lines["a"] and r"\textbf{1.0510}" in lines["b"]
    assert r"\underline{3.0500}" in lines["c"] and "4.0500 &" in lines["d"] and r"\textbf" not in lines["d"]


def test_it_is_a_tabular_alone_with_a_label(matrix: list[Record], framed: Callable[..., pd.DataFrame]) -> None:
    (table,) = build_tables(framed(matrix), paper(), lambda run_id: pd.DataFrame(), {})
    found = latex.narrow(table)
    assert r"\label{tab:table1}" in found and r"\label{tab:table1-full}" in latex.wide(table)
    whole = found + latex.wide(table) + latex.tests(table) + latex.all_tests(table) + latex.text(table)
    shown = "\n".join(line for line in whole.splitlines() if not line.startswith("%"))
    for other in (r"\begin{table}", r"\caption", "resizebox", "of the paper", r"\scriptsize", r"\tiny"):
        assert other not in shown
    assert found.count(r"\begin{tabular}") == 1
    sizes = {float(size) for size in re.findall(r"\\fontsize\{([\d.]+)\}", found)}
    assert min(sizes) >= 7
    assert "of the paper" not in latex.document([table]) and r"\caption{Synthetic data" in latex.document([table])


def test_the_notes_say_what_bold_means_and_where_seeds_are_too_few(make: Make) -> None:
    assert latex.mark_notes(make(("mle", "ngram"), METRICS[:2]))[-1].startswith("Bold: ")
    (bold, few) = latex.mark_notes(make(("mle", "ngram"), METRICS[:2], seeds=3))
    assert bold.startswith("Bold: ") and few.startswith("Too few seeds for a test to tell any row from the best")


@pytest.mark.parametrize("written", [latex.tests, latex.all_tests])
def test_no_test_is_a_comment(make: Make, written: Callable[[Table], str]) -> None:
    found = written(replace(make(("mle",), METRICS[:1]), comparisons=()))
    assert "% there is no test" in found and "tabular}" not in found


def test_tests_for_a_column_are_those_of_the_page_with_fewer_columns(make: Make) -> None:
    table = make(("mle", "seqgan", "real"), METRICS[:1])
    (short,), (whole,) = grids.short_tests(table), grids.tests(table)
    assert short.header == ("Against", "Difference [95 % interval]", "p (seeds), exact", "Verdict")
    places = [whole.header.index(header) for header in short.header]
    assert [[text.replace("\n", " ") for text in row] for row in short.rows] == [
        [row[place] for place in places] for row in whole.rows
    ]


def widths(layouts: list[tabular.Layout], folder: Path) -> list[float]:
    """Return the widths that pdflatex gives to the tabulars, in points."""
    boxes = [
        rf"\setbox0\hbox{{\fontsize{{8}}{{9.5}}\selectfont{latex._tabular(layout)}}}"
        rf"\typeout{{WIDTH=\the\wd0}}"
        for layout in layouts
    ]
    half = r"\newcommand\seqbenchhalf[1]{\,{\fontsize{7}{8}\selectfont$\pm$\,#1}}"
    lines = [r"\documentclass{article}", r"\usepackage{booktabs}", half, r"\begin{document}", *boxes, r"\end{document}"]
    (folder / "widths.tex").write_text("\n".join(lines))
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "widths.tex"], cwd=folder, capture_output=True, timeout=300
    )
    return [float(found) for found in re.findall(r"WIDTH=([\d.]+)pt", done.stdout.decode(errors="replace"))]


@pytest.mark.latex
@needs_pdflatex
def test_tabulars_are_as_wide_as_they_were_planned(
    make: Make, matrix: list[Record], framed: Any, tmp_path: Path
) -> None:
    (oracle,) = build_tables(framed(matrix), paper(), lambda run_id: pd.DataFrame(), {})
    many = make(("real", *paper().order[1:], "seqgan[adversarial_steps=60,discriminator_updates=20]"), METRICS)
    few = make(("mle", "my_model_of_2026", "WWW_other[knob=1,another_knob=2]"), METRICS[:6])
    tables = (oracle, many, few)
    narrow, wide = [tabular.narrow(table) for table in tables], [one for table in tables for one in tabular.wide(table)]
    tests = [tabular.plain(grid) for table in tables for grid in grids.tests(table)]
    short = [grid for table in tables for grid in grids.short_tests(table)]
    narrow += [tabular.plain(grid, tabular.COLUMN, tabular.TIGHT) for grid in short]
    found = widths([*narrow, *wide, *tests], tmp_path)
    assert len(found) == len([*narrow, *wide, *tests])
    for layout, points in zip([*narrow, *wide, *tests], found, strict=True):
        assert layout.width - 16 < points < 1.01 * layout.width
    assert all(points <= tabular.COLUMN for points in found[: len(narrow)])
    assert max(found) <= tabular.PAGE, max(zip(found, [*narrow, *wide, *tests], strict=True), key=lambda one: one[0])
