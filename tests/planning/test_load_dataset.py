"""bench.load_dataset: the data that a run of the dataset gets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench import BenchError, SequenceData, load_dataset
from bench.planning import plan as planning
from bench.planning import preset
from bench.planning.request import Request
from bench.toolkit.corpora.fetch import Corpora


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    return tmp_path


def test_it_is_what_a_run_gets(words: str, corpora: Corpora) -> None:
    data = load_dataset(words, data="sample")
    request = Request((), (words,), preset.read("smoke"))
    assert isinstance(data, SequenceData) and len(data.train) == 90
    assert {data.fingerprint} == {cell.fingerprint for cell in planning.make(request, corpora).cells}


def test_knobs_overrule(words: str) -> None:
    assert len(load_dataset(words, data="sample", rows=50).train) == 30
    one, two = (load_dataset("poems", data="sample", seed=seed) for seed in (1, 2))
    assert not np.array_equal(one.train, two.train)


def test_a_file_of_texts_needs_no_name(cache: Path) -> None:
    (cache / "lines.txt").write_text("".join(f"word{i} word{j}\n" for i in range(5) for j in range(5)))
    data = load_dataset(f"text:{cache}/lines.txt", length=2)
    assert data.length == 2 and "word0" in data.vocabulary.ids


def test_wrong_names_are_refused(words: str) -> None:
    with pytest.raises(BenchError, match="did you mean 'poems'"):
        load_dataset("poem")
    with pytest.raises(BenchError, match="unknown knob of Words 'row'; did you mean 'rows'"):
        load_dataset(words, row=1)
    with pytest.raises(BenchError, match="choose one of auto, published, sample"):
        load_dataset(words, data="own")
