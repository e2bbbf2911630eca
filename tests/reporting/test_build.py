"""From frames to tables: what each cell shows, which runs share a column, and the notes under the table."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from rich.console import Console
from scipy import stats

from bench.judging import statistics
from bench.records.events import Curve, Interrupted, Judged, OutOfMemory, TimedOut
from bench.records.human import Collected, HumanScore
from bench.records.journal import Record, read_record
from bench.records.plans import Entry
from bench.records.tracker import Tracker
from bench.reporting import grids, latex, notes, render
from bench.reporting.build import build_tables
from bench.reporting.escape import latex_escape, markdown_escape
from bench.reporting.page.page import html
from bench.reporting.paper import paper, printed_name, printed_twin, slug
from bench.reporting.summary import summary
from bench.reporting.table import Table
from bench.reporting.to_csv import runs_csv, table_csv
from bench.reporting.write import print_summary

Build = Callable[..., list[Table]]
SAMPLE = {"file": "sample-poems", "sha256": "cd" * 32, "licence": "MIT", "kind": "sample"}


@pytest.fixture
def build(framed: Callable[..., pd.DataFrame], per_sequence: Callable[[str], pd.DataFrame]) -> Build:
    def build(records: list[Record], human: Any = None, reference: str = "seqgan") -> list[Table]:
        known = reference in {record.cell.label for record in records}
        chosen = reference if known else None
        return build_tables(framed(records), paper(), per_sequence, human or {}, chosen, published=True)

    return build


def rows(table: Table) -> dict[str, dict[str, str]]:
    grid = grids.scores(table)
    names = list(grid.header)
    names = [f"{names[i - 1]} published" if name == "published" else name for i, name in enumerate(names)]
    return {row[0]: dict(zip(names, row, strict=True)) for row in grid.rows}


def noted(table: Table, start: str) -> list[str]:
    return [note for note in notes.under(table) if note.startswith(start)]


def poems(shop: Any, label: str, seed: int, value: float | None, **more: Any) -> Record:
    cell = shop.cell(label, seed, "poems", dataset_settings=())
    return shop.done(cell, {"bleu-2": value}, "higher", curve=False, **more)


def test_table_1_stands_beside_the_paper(matrix: list[Record], build: Build) -> None:
    (table,) = build(matrix)
    found = rows(table)
    assert list(found) == [
        *("real data", "random (uniform)", "random (unigram)", "MLE", "SS", "PG-BLEU", "SeqGAN", "constant reward"),
        *("my_gan.py", "zz_new [k=1]"),
    ]
    assert [found[name]["NLL_oracle ↓ published"] for name in found] == [
        *("-", "-", "10.310", "9.038", "8.985", "8.946", "8.736", "-", "-", "-")
    ]
    assert list(found["MLE"]) == ["Method", "Runs", "NLL_oracle ↓", "NLL_oracle ↓ published", "NLL_test ↓"]
    values = [record.scores["nll_oracle"].value for record in matrix if record.cell.label == "mle"]
    mean, _, high = statistics.mean_interval(values)
    assert high is not None
    assert found["MLE"]["NLL_oracle ↓"] == f"{mean:.3f} ± {high - mean:.3f}"
    (real,) = (record.scores["nll_oracle"].value for record in matrix if record.cell.label == "real")
    assert found["real data"]["NLL_oracle ↓"] == f"{real:.3f}"  # one run has no interval


def test_failed_undefined_and_absent_have_each_their_word(matrix: list[Record], build: Build) -> None:
    found = rows(build(matrix)[0])
    assert (found["my_gan.py"]["Runs"], found["my_gan.py"]["NLL_oracle ↓"]) == ("0, 3 failed", "failed")
    assert found["SS"]["Runs"] == "2, 1 failed"
    assert found["random (uniform)"]["NLL_test ↓"] == "-"
    assert (found["PG-BLEU"]["Runs"], found["PG-BLEU"]["NLL_oracle ↓"]) == ("0", "-")
    (failure,) = noted(build(matrix)[0], "Failed, my_gan.py")
    assert failure == "Failed, my_gan.py (seed 0, 1, 2): 100% broken_{it}"


def test_a_run_that_took_too_long_or_too_much_counts_as_failed_and_is_named(shop: Any, build: Build) -> None:
    done = shop.done(shop.cell("mle"), {"nll_oracle": 9.0})
    slow, large = (shop.start(shop.cell("mle", seed)) for seed in (1, 2))
    slow.append(TimedOut(error="mle: no epoch ended in 1 s"))
    large.append(OutOfMemory(error="mle: it used 2 GiB"))
    (table,) = build([done, read_record(slow.folder), read_record(large.folder)])
    assert rows(table)["MLE"]["Runs"] == "1, 2 failed"
    assert noted(table, "Timed out") == ["Timed out, mle (seed 1): no epoch ended in 1 s"]
    assert noted(table, "Out of memory") == ["Out of memory, mle (seed 2): it used 2 GiB"]


def test_an_interrupted_run_is_counted_and_has_no_score(shop: Any, build: Build) -> None:
    done = shop.done(shop.cell("mle"), {"nll_oracle": 9.0})
    journal = shop.start(shop.cell("mle", 1))
    journal.append(Curve(x=1, phase="mle", scores={"nll_oracle": 3.0}))
    journal.append(Interrupted())
    (table,) = build([done, read_record(journal.folder)])
    assert (rows(table)["MLE"]["Runs"], rows(table)["MLE"]["NLL_oracle ↓"]) == ("1, 1 unfinished", "9.000")
    assert noted(table, "Unfinished") == ["Unfinished, mle (seed 1): no score yet, its curve as far as it ran."]
    (table,) = build([read_record(journal.folder)])
    assert rows(table)["MLE"] == {"Method": "MLE", "Runs": "0, 1 unfinished", "Scores": "unfinished"}


def test_the_order_of_runs_changes_no_byte(matrix: list[Record], build: Build) -> None:
    shuffled = random.Random(4).sample(matrix, len(matrix))
    for write in (
        latex.narrow,
        latex.wide,
        latex.tests,
        latex.text,
        render.markdown,
        table_csv,
        lambda table: html([table]),
    ):
        assert write(build(matrix)[0]) == write(build(shuffled)[0])


def test_a_missing_value_is_an_empty_cell_of_csv_and_never_nan(matrix: list[Record], build: Build) -> None:
    (table,) = build(matrix)
    for grid in (grids.scores(table), *grids.tests(table)):
        assert all(text.strip() and "nan" not in text for row in grid.rows for text in row)
    lines = table_csv(table).splitlines()
    assert all(field.lower() not in ("nan", "-") for line in lines for field in line.split(","))


def test_comparisons_are_the_tests_over_seeds_and_over_one_run(
    matrix: list[Record], build: Build, per_sequence: Callable[[str], pd.DataFrame]
) -> None:
    (table,) = build(matrix)
    compared = {one.label: one for one in table.comparisons if one.metric == "nll_oracle"}
    assert set(compared) == {
        *("random-uniform", "random-unigram", "mle", "scheduled-sampling", "constant-reward", "zz_new[k=1]")
    }
    values = {
        label: [r.scores["nll_oracle"].value for r in matrix if r.cell.label == label and r.status == "done"]
        for label in (*compared, "seqgan")
    }
    one = {r.cell.label: per_sequence(str(r.folder))["nll_oracle"] for r in matrix if r.cell.seed == 0 and r.scores}
    for label, found in compared.items():
        assert found.p_t == statistics.welch(values["seqgan"], values[label])
        assert found.p_sequences == statistics.welch(one["seqgan"], one[label])
        assert found.difference == statistics.difference(values["seqgan"], values[label])
        assert found.improvement == (0.0 if label == "constant-reward" else 1.0)
    assert [c.holm_t for c in compared.values()] == statistics.holm([c.p_t for c in compared.values()])
    assert compared["mle"].p_published == "< 1e-6"
    (smallest,) = noted(table, "p (seeds)")
    assert grids.tests(table)[0].caption == "NLL_oracle: SeqGAN against each; Holm over 6 rows"
    assert "The smallest exact p before Holm is 0.1000 with 3 against 3 runs" in smallest


def test_where_higher_is_better_a_positive_difference_is_an_improvement(shop: Any, build: Build) -> None:
    runs = [poems(shop, "seqgan", seed, value) for seed, value in enumerate((0.7, 0.8, 0.9))]
    runs += [poems(shop, "mle", seed, value) for seed, value in enumerate((0.5, 0.6, 0.85))]
    (table,) = build(runs)
    (found,) = table.comparisons
    assert found.difference is not None and found.difference.value == pytest.approx(0.15)
    assert found.improvement == pytest.approx(7 / 9)


def test_every_metric_is_tested_with_holm_over_its_own_rows(matrix: list[Record], build: Build) -> None:
    (table,) = build(matrix)
    tested = {one.label: one for one in table.comparisons if one.metric == "nll_test"}
    assert len(tested) == 6 and tested["random-uniform"].p_exact is None, "it has no such score"
    for p, adjusted in (("p_t", "holm_t"), ("p_exact", "holm_exact")):
        found = [getattr(one, p) for one in tested.values()]
        assert [getattr(one, adjusted) for one in tested.values()] == statistics.holm(found)
    lines = {(line["label"], line["metric"]): line for line in csv.DictReader(io.StringIO(table_csv(table)))}
    assert float(lines["mle", "nll_test"]["p_t_holm"]) == pytest.approx(tested["mle"].holm_t, rel=1e-5)
    page = html([table])
    assert "NLL_test: SeqGAN against each; Holm over 5 rows" in page
    assert "NLL_oracle: SeqGAN against each; Holm over 6 rows" in page
    assert [grid.caption.partition(":")[0] for grid in grids.tests(table)] == ["NLL_oracle"], "as in the paper"


@pytest.mark.parametrize(
    ("starts", "seeds", "needed"), [(False, 3, 5), (False, 4, 5), (False, 5, None), (True, 6, 7), (True, 7, None)]
)
def test_tests_that_can_never_fall_say_how_many_seeds_they_need(
    shop: Any, build: Build, starts: bool, seeds: int, needed: int | None
) -> None:
    """Two rows: twice 2 / C(10, 5), unpaired, and twice 2 / 2^7, paired, are the first p below .05."""
    runs = [
        shop.done(shop.cell(label, seed), {"nll_oracle": mean + seed / 100}, start=f"of {seed}" if starts else "")
        for label, mean in (("seqgan", 1.0), ("mle", 9.0), ("pg-bleu", 20.0))
        for seed in range(seeds)
    ]
    (table,) = build(runs)
    assert {one.needed for one in table.comparisons} == {needed}
    (grid,) = grids.tests(table)
    told = {row[-1] for row in grid.rows}
    assert told == ({f"needs {needed} seeds"} if needed else {"better"})
    assert bool(noted(table, f"Needs {needed} seeds")) == bool(needed)
    (line,) = {line["seeds_needed"] for line in csv.DictReader(io.StringIO(table_csv(table))) if line["label"] == "mle"}
    assert line == str(needed or "")


def test_the_family_is_of_the_tests_that_were_made(matrix: list[Record], build: Build) -> None:
    few = [r for r in matrix if r.cell.label in ("seqgan", "mle") or r.cell.seed == 0]
    (table,) = build(few)
    assert len(table.comparisons) == 12
    assert grids.tests(table)[0].caption.endswith("; Holm over 1 row")
    (one,) = (found for found in table.comparisons if (found.label, found.metric) == ("mle", "nll_oracle"))
    assert (one.holm_t, one.holm_exact) == (one.p_t, one.p_exact)


def test_a_seed_whose_score_is_undefined_is_named(shop: Any, build: Build) -> None:
    def runs(label: str, *values: float | None) -> list[Record]:
        scores = ({"nll_oracle": 9.0 + seed, "nll_test": value} for seed, value in enumerate(values))
        return [shop.done(shop.cell(label, seed), found) for seed, found in enumerate(scores)]

    (table,) = build([*runs("mle", 9.0, 9.1, None), *runs("seqgan", 9.0, 9.1, 9.2), *runs("real", None)])
    assert rows(table)["MLE"]["NLL_test ↓"] == "9.050 ± 0.635" and rows(table)["MLE"]["Runs"] == "3"
    assert noted(table, "Undefined") == ["Undefined, and so not in the mean: NLL_test of mle (seed 2)."]


def test_with_one_run_an_arm_only_the_test_over_sequences_is_defined(matrix: list[Record], build: Build) -> None:
    (table,) = build([record for record in matrix if record.cell.seed == 0])
    (grid,) = grids.tests(table)
    against = {row[0]: row for row in grid.rows}
    assert against["MLE"][-2:] == ("-", "needs 5 seeds")
    assert against["MLE"][1].endswith("[-]")
    assert against["MLE"][3] == "< 1e-6"
    assert "fewer than two runs" in noted(table, "p (seeds)")[0]


def test_counts_of_runs_are_found_by_label(shop: Any, build: Build) -> None:
    """A row of an earlier store, or of samples made elsewhere, may be printed like the reference."""
    runs = [shop.done(shop.cell(label, seed), {"nll_oracle": 9.0 + seed})
            for label, seeds in (("seqgan", 3), ("SeqGAN", 1)) for seed in range(seeds)]  # fmt: skip
    (table,) = build(runs)
    assert [row.name for row in table.rows if row.done] == ["SeqGAN", "SeqGAN"] and table.reference == "SeqGAN"
    assert "With fewer than two runs" in noted(table, "p (seeds)")[0]
    (table,) = build(
        [
            *runs,
            shop.done(shop.cell("mle", 0), {"nll_oracle": 9.0}),
            shop.done(shop.cell("mle", 1), {"nll_oracle": 9.5}),
        ]
    )
    assert "with 3 against 2 runs" in noted(table, "p (seeds)")[0]


def test_names_as_they_are_printed() -> None:
    assert [printed_name(label) for label in ("seqgan", "seqgan[a=1]", "mine")] == ["SeqGAN", "SeqGAN [a=1]", "mine"]
    assert [printed_twin(label) for label in ("SeqGAN", "SS[a=1]", "seqgan", "seqgan[a=1]", "mine")] == [
        *("seqgan", "scheduled-sampling", None, None, None)
    ]


def test_without_rivals_there_are_no_tests(matrix: list[Record], build: Build) -> None:
    (table,) = build([record for record in matrix if record.cell.label in ("real", "mle")])
    assert table.reference == "MLE" and grids.tests(table) == []
    assert noted(table, "No tests")
    assert rows(table)["SeqGAN"]["NLL_oracle ↓ published"] == "8.736"


def test_rows_that_are_only_published_stand_if_asked_for(
    shop: Any, framed: Callable[..., pd.DataFrame], per_sequence: Any
) -> None:
    frame = framed([shop.done(shop.cell("mle"), {"nll_oracle": 9.0})])
    (alone,), (beside,) = (build_tables(frame, paper(), per_sequence, {}, published=asked) for asked in (False, True))
    assert [row.label for row in alone.rows] == ["mle"] and alone.rows[0].scores["nll_oracle"].published == "9.038"
    assert {row.label for row in beside.rows} == paper().tables["oracle"].labels


def test_a_variant_takes_the_place_of_its_absent_base(shop: Any, build: Build) -> None:
    runs = [shop.done(shop.cell(f"{name}[k=1]", seed), {"nll_oracle": 9.0 + seed}) for name in ("seqgan", "mle")
            for seed in range(2)]  # fmt: skip
    (table,) = build(runs)
    assert table.reference == "SeqGAN [k=1]"
    assert rows(table)["MLE [k=1]"]["NLL_oracle ↓ published"] == "9.038"
    assert "MLE" not in rows(table)
    both = build([*runs, shop.done(shop.cell("mle"), {"nll_oracle": 9.5})])[0]
    assert rows(both)["MLE [k=1]"]["NLL_oracle ↓ published"] == "-"
    assert rows(both)["MLE"]["NLL_oracle ↓ published"] == "9.038"


def test_two_signatures_never_share_a_column(shop: Any, build: Build) -> None:
    old = [shop.done(shop.cell(name), {"nll_oracle": 1.0}, signature="-old") for name in ("mle", "seqgan")]
    new = [shop.done(shop.cell("mle", 1), {"nll_oracle": 9.0}, signature="-new")]
    (table,) = build([*old, *new])
    assert [column.signature for column in table.columns] == ["nll_oracle|hyps:200|ckpt:last|data:x-new|v:0"]
    assert rows(table)["MLE"]["NLL_oracle ↓"] == "9.000"
    assert noted(table, "Left out") == ["Left out of nll_oracle, other signature: mle (seed 0); seqgan (seed 0)."]


def test_a_baseline_whose_name_begins_as_that_of_samples_made_elsewhere_is_a_run(shop: Any, build: Build) -> None:
    old = shop.done(shop.cell("mle"), {"nll_oracle": 1.0}, signature="-old")
    own = shop.done(shop.cell("scoregan"), {"nll_oracle": 9.0}, signature="-new")
    (table,) = build([old, own])
    assert noted(table, "Samples made elsewhere") == []
    assert noted(table, "Left out") == ["Left out of nll_oracle, other signature: mle (seed 0)."]
    elsewhere = shop.done(shop.cell("theirs", baseline="score:theirs"), {"nll_oracle": 8.0}, signature="-odd")
    (table,) = build([own, elsewhere])
    assert noted(table, "Left out") == ["Left out of nll_oracle, other signature: theirs (seed 0)."]
    elsewhere = shop.done(shop.cell("ours", baseline="score:ours"), {"nll_oracle": 8.0}, signature="-new")
    (table,) = build([own, elsewhere])
    assert noted(table, "Samples made elsewhere") == ["Samples made elsewhere, judged by bench score: ours."]


def test_seeds_of_other_settings_or_code_share_no_row(shop: Any, build: Build) -> None:
    def run(label: str, seed: int, value: float, **changes: Any) -> Record:
        return shop.done(shop.cell(label, seed, **changes), {"nll_oracle": value})

    long = [run(label, seed, 9.0 + seed) for label in ("mle", "seqgan") for seed in range(3)]
    for changes in ({"settings": (("batch", 1),)}, {"code": "edited"}, {"threads": 2}):
        (table,) = build([*long, run("mle", 0, 4.0, **changes)])
        assert rows(table)["MLE"]["NLL_oracle ↓"] == "4.000"
        assert rows(table)["SeqGAN"]["Runs"] == "3"
        assert noted(table, "Left out") == ["Left out, other knobs or code: mle (seed 1, 2)."]
        kept = [line for line in runs_csv([table]).splitlines() if ",mle," in line]
        assert len(kept) == 1 and ",nll_oracle,4.0," in kept[0]
    (table,) = build([*(run("mle", seed, 4.0, code="edited") for seed in range(4)), *long])  # asked for again
    assert rows(table)["MLE"]["NLL_oracle ↓"].startswith("10.000 ± ")
    assert noted(table, "Left out") == ["Left out, other knobs or code: mle (seed 3)."]
    (table,) = build([*long[1:], *(run("mle", seed, 4.0, code="edited") for seed in range(3)), long[0]])
    assert rows(table)["MLE"]["NLL_oracle ↓"].startswith("10.000 ± "), "all seeds of the one that is wanted"
    assert noted(table, "Left out") == []


def test_two_corpora_never_share_a_table(shop: Any, build: Build) -> None:
    old = shop.done(shop.cell("mle", fingerprint="other"), {"nll_oracle": 1.0})
    (table,) = build([old, shop.done(shop.cell("seqgan"), {"nll_oracle": 9.0})])
    assert rows(table)["MLE"]["NLL_oracle ↓"] == "-"
    assert noted(table, "Left out") == ["Left out, made from other data: mle (seed 0)."]


@pytest.mark.parametrize(
    ("dataset", "settings", "metric"),
    [
        ("oracle", {"length": 20, "parameters": "fresh"}, "nll_oracle"),
        ("obama", {"length": 32}, "bleu-3"),
        ("nottingham", {"length": 64}, "bleu-4"),
        ("coco", {"files": "gfs"}, "bleu-2"),
        ("coco", {"files": "texygen", "length": 20}, "bleu-2"),
    ],
)
def test_published_values_of_other_data_are_left_out(
    shop: Any, build: Build, dataset: str, settings: dict[str, Any], metric: str
) -> None:
    def columns(**changes: Any) -> tuple[str, ...]:
        told = tuple(sorted((settings | changes).items()))
        cell = shop.cell("mle", 0, dataset, dataset_settings=told)
        (table,) = build([shop.done(cell, {metric: 0.5}, signature="|smooth:method1|avg:mean")])
        return grids.scores(table).header

    assert "published" not in columns()
    assert "published" in columns(**{key: paper().tables[dataset].requires[key] for key in settings})


def test_published_values_of_another_length_are_left_out(shop: Any, build: Build) -> None:
    (table,) = build([shop.done(shop.cell("mle", dataset_settings=(("length", 40),)), {"nll_oracle": 10.0})])
    assert grids.scores(table).header == ("Method", "Runs", "NLL_oracle ↓")
    assert noted(table, "No published") == ["No published values for length = 40 (published: 20)."]


def collected(**scores: tuple[float, str]) -> Collected:
    """Return human scores from label -> (value, cell)."""
    found = {
        label: HumanScore(
            value=value,
            low=value - 0.1,
            high=value + 0.1,
            p=None if label == "seqgan" else 0.04,
            raters=7,
            items=20,
            cell=cell,
        )
        for label, (value, cell) in scores.items()
    }
    return Collected(
        dataset="poems",
        seal="seal",
        raters=7,
        items=40,
        reference="seqgan",
        test="a test",
        fleiss_kappa=0.1,
        krippendorff_alpha=None,
        scores=found,
    )


def test_table_2_has_human_scores_only_when_they_were_collected(shop: Any, build: Build) -> None:
    runs = [poems(shop, "real", 0, 0.746), poems(shop, "mle", 0, 0.667), poems(shop, "seqgan", 0, 0.739)]
    (table,) = build(runs)
    found = rows(table)
    assert {row["Human score ↑"] for row in found.values()} == {"not collected"}
    assert [found[name]["Human score ↑ published"] for name in ("real data", "MLE", "SeqGAN")] == [
        *(".6011", ".4165", ".5356")
    ]
    assert noted(table, "Human score") == []
    (table,) = build(runs, {"poems": collected(mle=(0.41, runs[1].cell.id), seqgan=(0.53, "another"))})
    assert rows(table)["MLE"]["Human score ↑"] == "0.4100 [0.310, 0.510]"
    assert rows(table)["SeqGAN"]["Human score ↑"] == "not collected"
    assert noted(table, "Human score") == [
        "Human score: share judged real, with its 95 % interval, by 7 raters who saw 40 texts; Fleiss' kappa 0.100, "
        "Krippendorff's alpha -."
    ], "no p against a run that the table does not show"
    assert noted(table, "Left out") == [
        "Left out, human score 0.5300 [0.430, 0.630] of seqgan: given to another run (cell another)."
    ]
    (table,) = build(runs, {"poems": collected(mle=(0.41, runs[1].cell.id), seqgan=(0.53, runs[2].cell.id))})
    assert noted(table, "Human score")[0].endswith("Krippendorff's alpha -. p against seqgan (a test): mle 0.04.")


def test_a_human_score_stands_beside_the_run_that_was_judged(shop: Any, framed: Any) -> None:
    """A cell may have another label in each plan."""
    judged, other = (poems(shop, name, 0, 0.7) for name in ("seqgan", "seqgan[rollouts=1]"))
    frame = framed([judged, other])
    names = {judged.cell.id: "seqgan[rollouts=1]", other.cell.id: "seqgan"}
    frame["label"] = frame["cell"].map(names)
    human = {"poems": collected(seqgan=(0.53, judged.cell.id))}
    (table,) = build_tables(frame, paper(), lambda run: pd.DataFrame(), human)
    shown = {name: row["Human score ↑"] for name, row in rows(table).items() if "SeqGAN" in name}
    assert shown == {"SeqGAN": "not collected", "SeqGAN [rollouts=1]": "0.5300 [0.430, 0.630]"}


def test_a_human_score_of_texts_made_elsewhere_never_stands_beside_a_trained_arm(shop: Any, build: Build) -> None:
    runs = [poems(shop, "mle", 0, 0.6), poems(shop, "mine", 0, 0.7)]
    elsewhere = shop.done(shop.cell("theirs", 0, "poems", baseline="score:theirs"), {"bleu-2": 0.7}, "higher")
    (table,) = build([*runs, elsewhere], {"poems": collected(mine=(0.5, ""), theirs=(0.4, ""), alone=(0.3, ""))})
    found = rows(table)
    assert found["mine"]["Human score ↑"] == "not collected"
    assert found["theirs"]["Human score ↑"] == "0.4000 [0.300, 0.500]"
    assert noted(table, "Left out") == [
        "Left out, human score 0.5000 [0.400, 0.600] of mine: given to texts made elsewhere."
    ]


def test_human_scores_of_any_dataset_are_shown_once_collected(shop: Any, build: Build) -> None:
    runs = [shop.done(shop.cell(name, 0, "mine"), {"x": 1.0}) for name in ("mle", "seqgan")]
    assert "Human score ↑" not in rows(build(runs)[0])["MLE"]
    found = rows(build(runs, {"mine": collected(mle=(0.5, runs[0].cell.id))})[0])
    assert [found[name]["Human score ↑"] for name in ("MLE", "SeqGAN")] == ["0.5000 [0.400, 0.600]", "not collected"]


def test_a_sample_corpus_is_said_loudly(shop: Any, build: Build) -> None:
    (table,) = build([poems(shop, "mle", 0, 0.7, source=SAMPLE, notes=["401 repeated lines removed"])])
    assert grids.scores(table).caption == "Table 2: Chinese poems (SAMPLE CORPUS)"
    assert noted(table, "SAMPLE CORPUS: made by the program")
    assert noted(table, "Corpus") == ["Corpus: sample-poems, sha256 cdcdcdcdcdcd, licence MIT, sample."]
    assert noted(table, "401") == ["401 repeated lines removed."]


def test_what_all_seeds_share_is_said_with_and_without_tests(shop: Any, build: Build) -> None:
    (oracle,) = build([shop.done(shop.cell("mle"), {"nll_oracle": 9.0})])
    (poem,) = build([poems(shop, label, seed, 0.7 + seed / 10) for label in ("mle", "seqgan") for seed in range(2)])
    assert noted(oracle, "All seeds") == [
        "All seeds share one training set, one test set and one oracle: intervals and p (seeds) speak of "
        "initialisation and sampling only, and say nothing of other data or other oracles."
    ]
    (said,) = noted(poem, "All seeds")
    assert "one training set and one test set:" in said and "oracle" not in said


def test_copies_of_training_rows_are_told_where_they_are_rewarded(shop: Any, build: Build) -> None:
    against = {"signature": "|refs:9|split:train|x"}
    runs = [poems(shop, "seqgan", seed, 0.8, copied=share, **against) for seed, share in enumerate((0.11, 0.13))]
    runs += [poems(shop, "real", 0, 0.7, copied=0.0, **against), poems(shop, "mle", 0, 0.6, **against)]
    (said,) = noted(build(runs)[0], "Samples that are copies")
    assert "mean over runs: real data 0.0%, SeqGAN 12.0%. A copy scores 1 in BLEU-2, for which" in said
    held_out = [poems(shop, "seqgan", seed, 0.8, copied=0.5, signature="|refs:9|split:test|x") for seed in range(2)]
    assert not noted(build(held_out)[0], "Samples that are copies")
    untold = [poems(shop, "seqgan", seed + 5, 0.8, **against) for seed in range(2)]
    assert not noted(build(untold)[0], "Samples that are copies"), "runs of an older version do not know it"


def test_a_mean_of_sequence_means_is_called_so(shop: Any, build: Build) -> None:
    def run(signature: str) -> Record:
        cell = shop.cell("mle", len(signature), "mine")
        return shop.done(cell, {"nll_test": 5.0}, signature=signature)

    (said,) = noted(build([run("|per:token|avg:sequence-means|log:e")])[0], "NLL_test: the mean over sequences")
    assert "not the mean over all tokens" in said
    assert not noted(build([run("|per:token|log:e")])[0], "NLL_test:")


@pytest.mark.parametrize(("value", "said"), [(0.0, True), (0.001, True), (0.01, False), (None, False)])
def test_a_real_row_at_bleu_2_of_0_is_said_under_the_table(
    shop: Any, build: Build, value: float | None, said: bool
) -> None:
    (table,) = build([poems(shop, "real", 0, value), poems(shop, "mle", 0, 0.7)])
    told = noted(table, "The real row")
    assert told == (["The real row scores BLEU-2 of 0, so BLEU cannot rank models here."] if said else [])
    console = Console(file=io.StringIO(), width=120)
    print_summary([table], console)
    assert ("The real row scores BLEU-2 of 0" in console.file.getvalue()) == said  # type: ignore[attr-defined]


def test_mse_below_real_data_is_marked(shop: Any, build: Build) -> None:
    def tunes(label: str, mse: float) -> Record:
        return shop.done(shop.cell(label, 0, "nottingham"), {"bleu-4": 0.9, "mse": mse})

    (table,) = build([tunes("real", 23.4), tunes("mle", 22.4), tunes("seqgan", 23.5)])
    found = rows(table)
    assert [found[name]["MSE ↓"] for name in ("real data", "MLE", "SeqGAN")] == [*("23.40", "22.40†", "23.50")]
    assert noted(table, "†") == ["† MSE below the real row's: under-dispersed, not better than real data."]


def test_copying_beyond_real_data_is_marked(shop: Any, build: Build) -> None:
    def judged(label: str, copied: float, longest: float, unique: float) -> Record:
        return shop.done(
            shop.cell(label, 0, "mine"),
            {"m": 1.0, "copied_rows": copied, "longest_copied": longest, "unique_rows": unique},
        )

    (table,) = build(
        [judged("real", 0.01, 3.5, 0.99), judged("mle", 0.005, 3.4, 1.0), judged("copier", 1.0, 9.0, 0.02)]
    )
    found, names = rows(table), ("copied rows ↓", "longest copied run ↓", "unique rows ↓")
    assert [found["MLE"][name] for name in names] == ["0.005", "3.40", "1.000"]
    assert [found["copier"][name] for name in names] == ["1.000†", "9.00†", "0.020†"]
    assert noted(table, "†") == [
        "† copied rows above the real row's: the samples copy more of the training rows than held-out data do.",
        "† longest copied run above the real row's: the samples copy more of the training rows than held-out data do.",
        "† unique rows below the real row's: the samples repeat each other more than held-out data do.",
    ]


def test_an_nll_oracle_that_no_honest_sampler_reaches_is_marked(shop: Any, build: Build) -> None:
    def drawn(label: str, nll: float, pairs: float) -> Record:
        return shop.done(shop.cell(label), {"nll_oracle": nll, "distinct-2": pairs})

    # 200 sequences of the real row with a spread of .5: three standard errors of the difference are .15
    (table,) = build([drawn("real", 5.75, 0.8), drawn("mle", 5.65, 0.41), drawn("seqgan", 5.5, 0.39)])
    found = rows(table)
    assert [found[name]["NLL_oracle ↓"] for name in ("real data", "MLE", "SeqGAN")] == ["5.750", "5.650", "5.500†"]
    assert [found[name]["distinct-2 ↓"] for name in ("real data", "MLE", "SeqGAN")] == ["0.8000", "0.4100", "0.3900†"]
    oracle, pairs = noted(table, "†")
    assert oracle.startswith("† NLL_oracle below the real row's by more than chance: collapsed")
    assert pairs == "† distinct-2 below half of the real row's: collapsed, the samples repeat few pairs of words."
    told = {row["label"]: row["scores"] for row in summary([table])["tables"][0]["rows"]}
    marks = [told[label][metric]["beyond_real"] for label in told for metric in ("nll_oracle", "distinct-2")]
    assert marks == [label == "seqgan" for label in told for _ in range(2)]
    assert table.ranks["nll_oracle"].places.get("seqgan") is None
    page = html([table])
    assert "5.500†" in render.markdown(table) and "collapsed onto what the oracle" in page


def test_a_row_whose_trainer_fails_a_quick_check_is_marked_wherever_it_stands(shop: Any, build: Build) -> None:
    def run(label: str, seed: int, problems: list[str] | None) -> Record:
        return shop.done(shop.cell(label, seed, "mine"), {"m": 1.0 + seed / 10, "other": 2.0}, problems=problems)

    told = {"mle": [None, None], "sound.py": [[], []], "topk.py": [["it is cut"], ["it seeds again", "it is cut"]]}
    (table,) = build([run(label, seed, told[label][seed]) for label in told for seed in (0, 1)])
    assert list(rows(table)) == ["MLE", "sound.py", "topk.py‡"]
    said = "‡ topk.py fails a quick check of its contract: it is cut (seed 0, 1); it seeds again (seed 1)."
    assert noted(table, "‡") == [said]
    (grid,) = grids.tests(table)
    assert {row[0] for row in grid.rows} == {"sound.py", "topk.py‡"} and "MLE against each" in grid.caption
    (of_it,) = build([run(label, seed, told[label][seed]) for label in told for seed in (0, 1)], reference="topk.py")
    assert "topk.py‡ against each" in grids.tests(of_it)[0].caption
    console = Console(file=io.StringIO(), width=120)
    print_summary([table], console)
    terminal = console.file.getvalue()  # type: ignore[attr-defined]
    assert "topk.py‡" in terminal and said in " ".join(terminal.split())
    assert "topk.py‡" in render.markdown(table) and said in render.markdown(table)
    assert html([table]).count("topk.py‡") >= 3 and said in html([table])
    for made in (latex.narrow(table), latex.wide(table), latex.tests(table)):
        assert "topk.py$^\\ddagger$" in made
    assert latex_escape(said) in latex.text(table)
    found = {row["label"]: row["problems"] for row in summary([table])["tables"][0]["rows"]}
    assert found == {"mle": [], "sound.py": [], "topk.py": ["it is cut", "it seeds again"]}
    cells = {line["label"]: line["problems"] for line in csv.DictReader(io.StringIO(table_csv(table)))}
    assert cells == {"mle": "", "sound.py": "", "topk.py": "it is cut; it seeds again"}


def test_without_a_real_row_nothing_is_marked(shop: Any, build: Build) -> None:
    (table,) = build([shop.done(shop.cell("mle"), {"nll_oracle": 0.1, "distinct-2": 0.0})])
    assert not noted(table, "†")


def test_a_bound_never_stands_beside_an_exact_value_without_its_mark(shop: Any, build: Build, store: str) -> None:
    scores: dict[str, float | None] = {"nll_oracle": 9.0, "nll_test": None}
    upper, lower = (shop.done(shop.cell(name), scores, bound=name) for name in ("upper", "lower"))
    records = [shop.done(shop.cell("mle"), scores), upper, lower]
    (table,) = build(records)
    assert [rows(table)[name]["NLL_oracle ↓"] for name in ("MLE", "upper", "lower")] == ["9.000", "≤ 9.000", "≥ 9.000"]
    assert noted(table, "≤") == ["≤ upper bound of NLL_oracle, not its value: upper."]
    assert noted(table, "≥") == ["≥ lower bound of NLL_oracle, not its value: lower."]
    lines = csv.DictReader(io.StringIO(table_csv(table)))
    told = {line["label"]: line["bound"] for line in lines if line["metric"] == "nll_oracle" and line["done"] == "1"}
    assert told == {"mle": "", "upper": "upper", "lower": "lower"}
    assert r"$\leq$ 9.000" in latex.narrow(table)
    tracker = Tracker(store)
    for record in records:
        tracker.project(record, "quick", Entry(tags={"preset": "quick"}, asked=1))
    frame = tracker.frame("quick").drop_duplicates("label").set_index("label")
    assert frame["bound"].dropna().to_dict() == {"upper": "upper", "lower": "lower"}


def test_a_checkpoint_rule_that_peeks_is_told(shop: Any, build: Build) -> None:
    from bench.planning.cell import Evaluation

    (table,) = build([shop.done(shop.cell("mle", evaluation=Evaluation(rule="best-oracle")), {"nll_oracle": 9.0})])
    assert "peeks" in noted(table, "Checkpoint rule best-oracle")[0]


def test_the_judged_checkpoint_of_each_run_is_named(shop: Any, build: Build) -> None:
    from bench.planning.cell import Evaluation

    places = {
        ("seqgan", 0): ("adversarial", 5, 60),
        ("seqgan", 1): ("adversarial", 10, 60),
        ("seqgan", 2): ("adversarial", 5, 60),
        ("mle", 0): ("mle", 5, 120),
    }
    chosen = {"evaluation": Evaluation(rule="best-valid")}
    records = [shop.done(shop.cell("random-uniform", **chosen), {"nll_oracle": 11.0}, curve=False)]
    for (label, seed), (phase, epoch, epochs) in places.items():
        cell = shop.cell(label, seed, **chosen)
        shop.start(cell).append(Judged(phase=phase, epoch=epoch, epochs=epochs))
        records.append(shop.done(cell, {"nll_oracle": 9.0}))
    (table,) = build(records)
    assert noted(table, "Judged at") == [
        "Judged at: MLE: mle epoch 5 of 120 (seed 0).",
        "Judged at: SeqGAN: adversarial epoch 5 of 60 (seed 0, 2); adversarial epoch 10 of 60 (seed 1).",
    ]


def test_the_last_checkpoint_is_not_named(shop: Any, build: Build) -> None:
    cell = shop.cell("mle")
    shop.start(cell).append(Judged(phase="mle", epoch=120, epochs=120))
    (table,) = build([shop.done(cell, {"nll_oracle": 9.0})])
    assert noted(table, "Judged at") == []


def test_any_dataset_has_a_table_and_the_papers_come_first(shop: Any, build: Build) -> None:
    runs = [shop.done(shop.cell("mle", 0, name), {"x": 1.0, "y": None}) for name in ("aaa", "text:my book", "oracle")]
    tables = build(runs)
    assert [table.dataset for table in tables] == ["oracle", "aaa", "text:my book"]
    assert [table.spec.file for table in tables] == ["table1", "table-aaa", f"table-{slug('text:my book')}"]
    assert rows(tables[1])["MLE"] == {"Method": "MLE", "Runs": "1", "x ↓": "1.0000", "y ↓": "-"}


def test_only_failures_still_make_a_table(shop: Any, build: Build) -> None:
    (table,) = build([shop.failed(shop.cell("gan", 0, "mine"), "gan: no")])
    assert rows(table)["gan"] == {"Method": "gan", "Runs": "0, 1 failed", "Scores": "failed"}


def test_names_of_files_never_meet() -> None:
    names = ["a b", "a-b", "a_b", "A-b", "中文", "文中", "text:a", "../a"]
    assert len({slug(name) for name in names}) == len(names)
    assert all("/" not in slug(name) and slug(name)[0] not in "-." for name in names)


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0.9, "0.9000"), (0.00013, "0.0001"), (9e-5, "9.0e-05"), (9.9e-7, "< 1e-6")]
)
def test_p_values_are_printed_as_in_the_paper(value: float | None, text: str) -> None:
    assert grids.p_value(value) == text


def test_numbers_have_no_negative_zero() -> None:
    assert [grids.number(value, 2) for value in (-0.001, 0.0, -0.01, None)] == ["0.00", "0.00", "-0.01", "-"]


def test_escapes() -> None:
    assert latex_escape("a_b & 50% {x} #1 ~^\\") == (
        r"a\_b \& 50\% \{x\} \#1 \textasciitilde{}\textasciicircum{}\textbackslash{}"
    )
    assert latex_escape("é 中 ± -0.5 --jobs pg-bleu") == r"é \seqbenchletter{中}{4E2D} $\pm$ $-$0.5 -{}-jobs pg-bleu"
    assert markdown_escape("a|b <i> *c*\n# d") == r"a&#124;b &#60;i&#62; \*c\* \# d"


def test_paper_toml_holds_the_papers_figures() -> None:
    """As printed in Yu et al. 2017, Tables 1 to 4, and for COCO in Texygen's docs/evaluation.md."""
    tables = paper().tables
    assert set(tables) == {"oracle", "poems", "obama", "nottingham", "coco", "enumerable", "markov"}
    arms = {"mle": "9.038", "scheduled-sampling": "8.985", "pg-bleu": "8.946"}
    assert tables["oracle"].published == {"nll_oracle": {"random-unigram": "10.310", **arms, "seqgan": "8.736"}}
    assert tables["oracle"].p == {"nll_oracle": dict.fromkeys(("random-unigram", *arms), "< 1e-6")}
    assert tables["poems"].published == {"bleu-2": {"real": ".746", "mle": ".6670", "seqgan": ".7389"}}
    assert tables["poems"].p == {"bleu-2": {"mle": "< 1e-6"}}
    assert tables["poems"].human == {"real": ".6011", "mle": ".4165", "seqgan": ".5356"}
    assert ".0034" in tables["poems"].human_p
    assert tables["obama"].published == {
        "bleu-3": {"mle": ".519", "seqgan": ".556"},
        "bleu-4": {"mle": ".416", "seqgan": ".427"},
    }
    assert tables["obama"].p == {"bleu-3": {"mle": "< 1e-6"}, "bleu-4": {"mle": ".00014"}}
    assert tables["nottingham"].published == {
        "bleu-4": {"mle": ".9210", "seqgan": ".9406"},
        "mse": {"mle": "22.38", "seqgan": "20.62"},
    }
    assert tables["nottingham"].p == {"bleu-4": {"mle": "< 1e-6"}, "mse": {"mle": ".00034"}}
    arms = {"mle", "seqgan", "maligan", "rankgan", "leakgan", "textgan"}
    assert len(tables["coco"].published) == 12 and all(v.keys() == arms for v in tables["coco"].published.values())
    assert {metric: values["leakgan"] for metric, values in tables["coco"].published.items()} == {
        "bleu-2": "0.746",
        "bleu-3": "0.528",
        "bleu-4": "0.355",
        "bleu-5": "0.230",
        "train-bleu-2": "0.926",
        "train-bleu-3": "0.816",
        "train-bleu-4": "0.660",
        "train-bleu-5": "0.470",
        "self-bleu-2": "0.966",
        "self-bleu-3": "0.913",
        "self-bleu-4": "0.848",
        "self-bleu-5": "0.780",
    }
    for spec in tables.values():
        assert set(spec.tested) <= set(paper().metrics)
        assert spec.labels <= set(paper().names)
        assert all(float(v) > 0 for values in spec.published.values() for v in values.values())


def test_unequal_and_few_runs_are_told(shop: Any, build: Build) -> None:
    def runs(label: str, count: int, mean: float) -> list[Record]:
        return [shop.done(shop.cell(label, seed), {"nll_oracle": mean + seed / 100}) for seed in range(count)]

    (table,) = build([*runs("seqgan", 6, 8.7), *runs("mle", 3, 9.0)])
    assert "The smallest exact p before Holm is 0.0119 with 6 against 3 runs." in noted(table, "p (seeds)")[0]
    assert "3 to 6 finished runs a row" in noted(table, "Mean")[0] and " Few: " in noted(table, "Mean")[0]
    (table,) = build([*runs("seqgan", 6, 8.7), *runs("mle", 5, 9.0)])
    assert " Few: " not in noted(table, "Mean")[0]
    (table,) = build([*runs("seqgan", 1, 8.7), *runs("mle", 1, 9.0)])
    assert "Holm over" not in grids.tests(table)[0].caption


def test_two_tests_that_are_not_defined_alike_are_two_families(shop: Any, build: Build) -> None:
    def runs(label: str, *values: float) -> list[Record]:
        return [shop.done(shop.cell(label, seed), {"nll_oracle": value}) for seed, value in enumerate(values)]

    constant = [*runs("seqgan", 8.7, 8.7, 8.7), *runs("mle", 9.0, 9.0, 9.0)]
    (table,) = build([*constant, *runs("pg-bleu", 8.8, 8.9, 9.1)])
    assert grids.tests(table)[0].caption.endswith("; Holm over 2 rows, t over 1")


def test_the_papers_p_is_of_its_own_arms(shop: Any, build: Build) -> None:
    """If the paper's reference has a row of its own, a variant is another method."""
    mle = [shop.done(shop.cell("mle", seed), {"nll_oracle": 9.0 + seed}) for seed in range(2)]
    variant = [shop.done(shop.cell("seqgan[k=1]", seed), {"nll_oracle": 8.7 + seed}) for seed in range(2)]
    (table,) = build([*mle, *variant])
    assert [one.p_published for one in table.comparisons] == ["< 1e-6"]
    (table,) = build([*mle, *variant, shop.failed(shop.cell("seqgan"), "seqgan: out of memory")])
    assert table.reference == "SeqGAN [k=1]" and [one.p_published for one in table.comparisons] == [None]


def test_of_two_variants_of_the_papers_reference_neither_is_taken(shop: Any, build: Build) -> None:
    labels = ("mle", "seqgan[k=1]", "seqgan[k=2]")
    (table,) = build([shop.done(shop.cell(label, s), {"nll_oracle": 9.0 + s}) for label in labels for s in range(2)])
    assert table.reference == "MLE" and {one.label for one in table.comparisons} == set(labels[1:])


def test_rows_that_share_their_starts_are_paired_by_seed(shop: Any, build: Build) -> None:
    """MLE shares all starts with SeqGAN, PG-BLEU one of them, SS none; SeqGAN's fourth run has no partner."""
    scores = {
        "seqgan": (8.7, 9.1, 8.2, 8.6),
        "mle": (8.9, 9.2, 8.5),
        "pg-bleu": (8.8, 9.3, 8.4),
        "scheduled-sampling": (8.9, 9.2, 8.5),
    }
    starts = {"seqgan": "0123", "mle": "012", "pg-bleu": "0xy", "scheduled-sampling": ""}
    records = [
        shop.done(shop.cell(label, seed), {"nll_oracle": value}, start="".join(starts[label][seed : seed + 1]))
        for label, values in scores.items()
        for seed, value in enumerate(values)
    ]
    (table,) = build(records)
    found = {one.label: one for one in table.comparisons}
    assert {label: one.pairs for label, one in found.items()} == {"mle": 3, "pg-bleu": 0, "scheduled-sampling": 0}
    ours = scores["seqgan"]
    assert found["mle"].p_t == pytest.approx(stats.ttest_rel(ours[:3], scores["mle"]).pvalue)
    assert found["mle"].p_exact == 0.25
    assert found["mle"].difference == statistics.mean_interval(
        [a - b for a, b in zip(ours[:3], scores["mle"], strict=True)]
    )
    assert found["mle"].improvement == 1.0
    assert found["scheduled-sampling"].p_t == statistics.welch(ours, scores["scheduled-sampling"])
    assert found["scheduled-sampling"].p_exact == statistics.permutation(ours, scores["scheduled-sampling"])
    (paired,) = noted(table, "Paired by seed")
    assert ": MLE (3 pairs)" in paired
    assert "0.2500 with 3 pairs" in noted(table, "p (seeds)")[0]
    by_label = {line["label"]: line for line in csv.DictReader(io.StringIO(table_csv(table)))}
    assert (by_label["mle"]["pairs"], by_label["pg-bleu"]["pairs"]) == ("3", "")


def test_a_verdict_rests_on_the_adjusted_p_and_says_how_many_seeds_would_do(
    shop: Any, framed: Callable[..., pd.DataFrame]
) -> None:
    """Six runs per arm are enough for arms that are far apart. With three, no exact p is below .1."""
    verdicts = []
    for seeds, step in ((6, 0.01), (6, 0.5), (3, 0.01)):
        values = {"seqgan": 8.0, "mle": 9.0}
        records = [
            shop.done(shop.cell(name, seed, dataset=f"oracle{seeds}-{step}"), {"nll_oracle": mean + seed * step})
            for name, mean in values.items()
            for seed in range(seeds)
        ]
        (table,) = build_tables(framed(records), paper(), lambda run_id: pd.DataFrame(), {})
        (one,) = table.comparisons
        verdicts.append((grids.tests(table)[0].rows[0][-1], one.verdict.word if one.verdict else None))
    assert verdicts == [
        ("better", "better"),
        ("not distinguishable (+9 seeds)", "not distinguishable"),
        ("needs 4 seeds", "not distinguishable"),
    ]
