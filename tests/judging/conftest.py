"""For the tests of judging: an opened dataset, and stored runs of it made without training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.contracts.data import SequenceData, Source, TokenArray
from bench.contracts.dataset import Opened
from bench.contracts.metric import Generated, Metric, Score, Scores
from bench.contracts.seeding import numpy_rng
from bench.contracts.vocabulary import Vocabulary
from bench.judging.evaluator import Evaluator
from bench.judging.judge import Judge
from bench.planning.cell import Cell, Evaluation
from bench.records.events import Done, Start
from bench.records.journal import Journal, Record, read_record, write_cell
from bench.toolkit.corpora.replay import Replay
from bench.toolkit.metrics.nll import NLLTest


class Share:
    """The share of the token "b"; one number per sequence."""

    name, better, unknown_words = "share", "higher", "miss"

    def signature(self) -> str:
        return "share|token:b"

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        return Scores.mean_of((generated.sequences == 1).mean(1))


class Letters:
    """Rows of four letters."""

    @dataclass(frozen=True)
    class Settings:
        pass

    def metrics(self, data: SequenceData) -> Sequence[Metric]:
        return [Share(), NLLTest(data)]

    def real(self, data: SequenceData) -> Replay:
        return Replay(data.valid)


@pytest.fixture(scope="session")
def letters() -> Opened:
    """Return a dataset of 4 letters, T = 6, with 2,000 rows in valid."""
    rows: TokenArray = numpy_rng("letters").integers(0, 4, (2300, 6))
    source = Source("letters", "0" * 64, "MIT", "generated")
    data = SequenceData(rows[:200], rows[200:2200], rows[2200:], Vocabulary(("a", "b", "c", "d")), source)
    return Opened(Letters(), data)


@pytest.fixture
def real_cell(letters: Opened) -> Cell:
    """Return the cell of the dataset's *real* row."""
    facts: dict[str, Any] = {"settings": (), "dataset": "letters", "dataset_label": "letters", "dataset_settings": ()}
    return Cell(
        label="real",
        reference="real",
        baseline="real",
        **facts,
        fingerprint=letters.data.fingerprint,
        seed=0,
        evaluation=Evaluation(),
    )


@pytest.fixture
def judge(letters: Opened, real_cell: Cell) -> Judge:
    return Judge(letters, Evaluator.of(letters, "last"), real_cell)


@pytest.fixture
def store_run(tmp_path: Path) -> Callable[..., Record]:
    """Write a finished run: its scores, and the scores per sequence if given."""

    def store(cell: Cell, scores: Mapping[str, Score], per_sequence: Mapping[str, Any] | None = None) -> Record:
        folder = write_cell(cell, tmp_path / "runs")
        journal = Journal(folder)
        journal.append(Start(source={}, notes=()))
        journal.append(Done(scores=scores, hypotheses=cell.evaluation.samples, seconds=0.0))
        if per_sequence is not None:
            columns = {name: pd.Series(np.asarray(values)) for name, values in per_sequence.items()}
            pd.DataFrame(columns).to_parquet(folder / "scores.parquet")
        return read_record(folder)

    return store
