"""Fresh sequences of a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.engine.job import Context, run
from bench.judging.fresh import as_lines, fresh, write_tunes
from bench.plugins.open_dataset import open_dataset
from bench.records.journal import Record, read_record
from bench.toolkit.corpora.fetch import Corpora


@pytest.fixture
def record(make_cell: Any, context: Context) -> Record:
    cell = make_cell()
    assert run(cell, context) == "done"
    return read_record(context.runs / cell.id)


@pytest.fixture
def opened(record: Record, corpora: Corpora) -> Opened:
    return open_dataset(record.cell.dataset, {}, "Words", corpora)


def test_the_seed_alone_decides(record: Record, opened: Opened) -> None:
    drawn = fresh(record, opened, 40)
    assert drawn.shape == (40, opened.data.length) and drawn.max() < len(opened.data.vocabulary)
    assert np.array_equal(drawn, fresh(record, opened, 40))
    assert not np.array_equal(drawn, fresh(record, opened, 40, seed=1))


def test_lines_hold_text_or_ids(opened: Opened) -> None:
    rows = opened.data.train[:2]
    assert as_lines(rows, opened) == "".join(f"{opened.data.vocabulary.decode(row)}\n" for row in rows.tolist())
    assert as_lines(np.array([[1, 2], [3, 0]]), opened, ids=True) == "1 2\n3 0\n"


def test_too_much_for_the_memory_is_bad_input_and_other_errors_pass(
    record: Record, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error, wanted in (
        (MemoryError("Unable to allocate 7 TiB"), BenchError),
        (RuntimeError("can't allocate memory"), BenchError),
        (RuntimeError("shapes differ"), RuntimeError),
    ):

        def draw(*_: Any, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr("bench.judging.evaluator.draw", draw)
        with pytest.raises(wanted, match=r"--count 9: not enough memory|shapes differ"):
            fresh(record, opened, 9)


def test_text_is_no_music(record: Record, opened: Opened, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="--midi: Words is not music"):
        write_tunes(opened.data.train[:1], opened, record, tmp_path / "tunes")
    assert not (tmp_path / "tunes").exists()
