"""The dataset that -d names, and its label in tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.contracts.errors import BenchError
from bench.planning import plan as planning
from bench.planning import preset
from bench.planning.dataset_reference import as_kept, parse
from bench.planning.request import Request, parse_overrides
from bench.records.runs import is_of
from bench.toolkit.corpora.fetch import Corpora

LINES = "".join(f"line {number} of many words\n" for number in range(60))


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("poems=text:a.txt", "poems is a dataset of its own"),
        ("text=text:a.txt", "text is a dataset of its own"),
        ("a/b=text:c.txt", "name it with letters"),
    ],
)
def test_names_that_are_none(reference: str, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        parse(reference)


def make(tmp_path: Path, *datasets: str, sets: tuple[str, ...] = (), **fields: Any) -> planning.Plan:
    request = Request((), datasets, preset.read("smoke"), parse_overrides(sets))
    return planning.make(replace(request, **fields), Corpora(tmp_path / "cache", "sample"))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a/train.txt and b/train.txt in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    for name in ("a", "b"):
        Path(name).mkdir()
        Path(name, "train.txt").write_text(LINES.replace("many", f"many {name}"))
    return tmp_path


def test_a_name_is_the_label_and_an_owner_of_knobs(files: Path) -> None:
    plan = make(
        files,
        *("one=text:a/train.txt", "two=text:b/train.txt", "text:a/train.txt"),
        sets=("text.valid=5", "two.valid=6", "two.length=3"),
    )
    found = {label: (len(opened.data.valid), opened.data.length) for label, opened in plan.datasets.items()}
    assert found == {"one": (5, 6), "two": (6, 3), "text:train": (5, 6)}
    with pytest.raises(BenchError, match=r"unknown owner of --set tow.valid"):
        make(files, "two=text:b/train.txt", sets=("tow.valid=6",))


def test_two_files_of_one_name_are_to_be_named(files: Path) -> None:
    with pytest.raises(BenchError, match=r"two datasets are called 'text:train'.*name one, as in -d NAME=text:FILE"):
        make(files, "text:a/train.txt", "text:b/train.txt")
    with pytest.raises(BenchError, match="two datasets are called 'web'"):
        make(files, "web=text:a/train.txt", "web=text:b/train.txt")


def test_stored_cells_are_found_by_any_of_their_names(files: Path) -> None:
    (named,) = make(files, "web=text:a/train.txt").cells
    for dataset in ("web", "web=text:a/train.txt", "text:a/train.txt", f"text:{files}/a/../a/train.txt", "text"):
        assert is_of(named, parse(dataset)), dataset
    for dataset in ("text:train", "other=text:a/train.txt", "web=text:b/train.txt", "text:b/train.txt", "poems"):
        assert not is_of(named, parse(dataset)), dataset
    (plain,) = make(files, "text:a/train.txt").cells
    assert is_of(plain, parse("text:train")) and not is_of(plain, parse("web=text:a/train.txt"))


def test_a_kept_corpus_keeps_its_name(files: Path) -> None:
    (named,), (plain,) = (make(files, name).cells for name in ("web=text:a/train.txt", "text:a/train.txt"))
    assert parse(as_kept("text:./a/train.txt", named)).label == parse(as_kept("web", named)).label == "web"
    assert parse(as_kept("text:train", plain)).label == "text:train"
    (poems,) = make(files, "poems").cells
    assert as_kept("poems", poems) == "poems"
