"""A part of a corpus: how many rows, which ones, and that it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.contracts.data import Source
from bench.judging.evaluator import Evaluator
from bench.planning import plan as planning
from bench.planning import preset
from bench.planning.load_dataset import load_dataset
from bench.planning.preset import Preset
from bench.planning.request import Request, parse_overrides
from bench.plugins import loading as plugins
from bench.toolkit.corpora.fetch import Corpora
from bench.toolkit.corpora.part import part

OWN = Source("mine.txt", "0", "mine", "local")
MADE = Source("sample of mine", "0", "MIT", "sample")


def test_each_file_gives_its_share_in_its_order() -> None:
    files = [list(range(300)), list(range(1_000, 1_100))]
    kept, name, notes = part(files, 40, OWN)
    assert [len(file) for file in kept] == [30, 10] and name == "rows:40"
    assert all(set(few) < set(many) and few == sorted(few) for few, many in zip(kept, files, strict=True))
    assert kept[0] != list(range(30)), "drawn, not the first ones"
    assert notes == ("part of the corpus: 40 of 400 sequences, drawn at random (knob rows)",)
    assert part(files, 40, OWN) == (kept, name, notes)


@pytest.mark.parametrize(("rows", "source"), [(0, OWN), (400, OWN), (40, MADE)])
def test_the_whole_is_no_part(rows: int, source: Source) -> None:
    files = [list(range(300)), list(range(100))]
    assert part(files, rows, source) == (files, "", ())


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "cache"))
    path = tmp_path / "mine.txt"
    path.write_text("".join(f"w{a} w{b} w{c}\n" for a in range(12) for b in range(12) for c in range(12)))
    return f"text:{path}"


def test_signatures_and_notes_say_which_part(lines: str) -> None:
    whole, some = load_dataset(lines), load_dataset(lines, rows=200)
    assert len(whole.train) + len(whole.valid) + len(whole.test) == 12**3
    assert len(some.train) + len(some.valid) + len(some.test) == 200 and len(some.train) == 160
    assert "part of the corpus: 200 of 1728 sequences, drawn at random (knob rows)" in some.notes
    again = load_dataset(lines, rows=200)  # from the cache of prepared arrays
    assert again.fingerprint == some.fingerprint != whole.fingerprint and again.part == "rows:200"
    assert not any("part of" in note for note in whole.notes)
    made = planning.make(request(lines, "text.rows=200"), Corpora.from_environment())
    (opened,) = made.datasets.values()
    evaluator = Evaluator.of(opened, "last")
    assert "|rows:200|data:" in evaluator.signature(evaluator.metrics[0], 20)
    assert dict(made.cells[0].dataset_settings)["rows"] == 200


def test_a_cell_of_the_whole_corpus_is_that_of_before_there_was_the_knob(lines: str) -> None:
    cell = planning.make(request(lines), Corpora.from_environment()).cells[0]
    assert "rows" not in dict(cell.dataset_settings)
    assert planning.make(request(lines, "text.rows=0"), Corpora.from_environment()).cells[0].id == cell.id


def request(lines: str, *sets: str) -> Request:
    plain: Any = preset.read("lean")
    return Request((), (lines,), Preset("plain", plain.run, plain.evaluation), parse_overrides(sets))


@pytest.mark.parametrize("name", ["smoke", "quick"])
def test_quick_presets_cap_every_corpus(name: str) -> None:
    chosen = preset.read(name)
    for dataset in plugins.names("bench.datasets"):
        known = plugins.load("bench.datasets", dataset).Settings.__dataclass_fields__
        assert "rows" in known or "train" in known, dataset
        if "rows" in known:
            assert 0 < chosen.datasets[dataset]["rows"] <= 1_000


def test_the_quick_presets_train_on_no_more_than_a_stand_in_has() -> None:
    """poems: the stand-in trains on 2,400 rows; a part of 800 rows cannot give more than 800."""
    stand_in = load_dataset("poems", data="sample")
    assert len(stand_in.train) > preset.read("quick").datasets["poems"]["rows"]
    assert np.array_equal(load_dataset("poems", data="sample", rows=100).train, stand_in.train)
