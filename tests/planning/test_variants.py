"""Variants of a dataset or a baseline, named by their knobs in brackets."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.planning import plan as planning
from bench.planning import preset
from bench.planning.request import Request, parse_overrides
from bench.planning.variants import expand
from bench.plugins.reference import parse_dataset
from bench.records.runs import is_of
from bench.reporting.paper import paper
from bench.toolkit.corpora.fetch import Corpora


def make(tmp_path: Path, *datasets: str, baselines: tuple[str, ...] = (), sets: tuple[str, ...] = ()) -> planning.Plan:
    request = Request(baselines, datasets, preset.read("smoke"), parse_overrides(sets), seeds=1)
    return planning.make(request, Corpora(tmp_path / "cache", "sample"))


def test_values_between_bars_make_a_reference_each() -> None:
    assert list(expand(["mle", "markov[train=64|128,words=4|5]"])) == [
        "mle",
        "markov[train=64,words=4]",
        "markov[train=64,words=5]",
        "markov[train=128,words=4]",
        "markov[train=128,words=5]",
    ]
    assert list(expand(["text:a|b[c=1|2].txt", "web=text:a[b=1|2]"])) == ["text:a|b[c=1|2].txt", "web=text:a[b=1|2]"]


def test_each_variant_of_a_dataset_is_a_dataset_with_a_name(tmp_path: Path) -> None:
    plan = make(tmp_path, "enumerable[words=4,train=64|128]", "enumerable")
    sizes = {label: len(opened.data.train) for label, opened in plan.datasets.items()}
    assert sizes == {
        "enumerable[train=64,words=4]": 64,
        "enumerable[train=128,words=4]": 128,
        "enumerable": len(plan.datasets["enumerable"].data.train),
    }
    assert {len(opened.data.vocabulary) for opened in plan.datasets.values()} == {4, 6}
    assert len({cell.id for cell in plan.cells}) == 3


def test_brackets_overrule_the_knobs_of_set_and_preset(tmp_path: Path) -> None:
    plan = make(tmp_path, "enumerable[train=64]", sets=("enumerable.train=128", "enumerable.valid=70"))
    (opened,) = plan.datasets.values()
    assert (len(opened.data.train), len(opened.data.valid)) == (64, 70)


def test_a_variant_of_a_baseline_is_the_cell_that_set_makes(tmp_path: Path) -> None:
    two = make(tmp_path, "enumerable", baselines=("ngram[order=2|3]", "ngram"))
    one = make(tmp_path, "enumerable", baselines=("ngram",), sets=("ngram.order=3",))
    made = {cell.label: cell.id for cell in two.cells}
    assert set(made) == {"real", "ngram[order=2]", "ngram[order=3]", "ngram"}
    assert {cell.label: cell.id for cell in one.cells}["ngram[order=3]"] == made["ngram[order=3]"]


def test_a_variant_has_the_preset_of_its_base(tmp_path: Path) -> None:
    toml = "[datasets.markov]\nvalid = 99\n[on.markov.mle]\nrate = 0.5\n['on'.'markov[words=4]'.mle]\nclip = 2.0\n"
    (tmp_path / "mine.toml").write_text(toml)
    chosen = preset.read(str(tmp_path / "mine.toml"))
    request = Request(("mle",), ("markov[words=4,train=64]", "markov[words=4]"), chosen, seeds=1)
    plan = planning.make(request, Corpora(tmp_path / "cache", "sample"))
    knobs = {cell.dataset_label: dict(cell.settings) for cell in plan.cells if cell.label == "mle"}
    assert {label: (found["rate"], found["clip"]) for label, found in knobs.items()} == {
        "markov[train=64,words=4]": (0.5, 5.0),
        "markov[words=4]": (0.5, 2.0),
    }
    assert {len(opened.data.valid) for opened in plan.datasets.values()} == {99}


def test_a_stored_variant_is_found_by_its_knobs_in_any_order(tmp_path: Path) -> None:
    (cell,) = make(tmp_path, "enumerable[words=4,train=64]").cells
    for asked in ("enumerable[train=64,words=4]", "enumerable[words=4,train=64]", "enumerable"):
        assert is_of(cell, parse_dataset(asked)), asked
    assert not is_of(cell, parse_dataset("enumerable[words=4]"))


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ("enumerable[word=4]", "unknown knob of enumerable 'word'; did you mean 'words'"),
        ("enumerable[words=1]", "enumerable.words = 1"),
        ("enumerable[words=4,words=5]", "gives words twice"),
        ("enumrable[words=4]", "enumrable"),
    ],
)
def test_mistakes_are_named(dataset: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=message):
        make(tmp_path, dataset)


def test_the_table_of_a_variant_tests_what_its_base_does_and_has_files_of_its_own() -> None:
    base, one, other = (paper().table(name) for name in ("oracle", "oracle[train=64]", "oracle[train=65]"))
    assert one.tested == base.tested and one.notes == base.notes and one.title == "oracle[train=64]"
    assert not one.published and not one.number and len({base.file, one.file, other.file}) == 3
    assert one.figure_file == f"{one.file}-curves" and paper().table("unknown[a=1]").tested == ()
