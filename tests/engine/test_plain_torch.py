"""A trainer of ordinary PyTorch, which draws from global generators, gives the same bits again and after any cut."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.contracts.dataset import Opened
from bench.contracts.seeding import torch_rng
from bench.engine import job
from bench.engine.driver import Driver, Interrupted
from bench.engine.job import Context
from bench.judging.evaluator import Evaluator, draw
from bench.planning.cell import Cell
from bench.plugins import loading as plugins
from bench.plugins.open_dataset import open_dataset
from bench.records import revive
from bench.records.journal import Journal, Record, read_record, write_cell

FILE = Path(__file__).parent.parent / "shelf" / "plain.py"
EPOCHS = 5
NAMES = ("Plain", "Viewed", "Counted")


@pytest.fixture
def trainers(tmp_path: Path) -> Callable[[str], str]:
    path = shutil.copy(FILE, tmp_path)
    return lambda name: f"{path}:{name}"


@pytest.fixture
def train(context: Context) -> Callable[..., tuple[Any, Record]]:
    """Train a cell to the n-th epoch or its end, from its checkpoint if there is one, as a new process would."""

    def train(cell: Cell, until: int = 99) -> tuple[Any, Record]:
        torch.rand(3), np.random.rand(), random.random()  # as another cell would leave it
        opened = open_dataset(cell.dataset, dict(cell.dataset_settings), "", context.corpora)
        evaluator = Evaluator.of(opened, cell.evaluation.rule)
        rng = revive.training_rng(cell, "cpu")
        trainer = revive.build_trainer(cell, opened.data, rng)
        left = iter(range(until - 1, -1, -1))
        journal = Journal(context.runs / cell.id)
        with suppress(Interrupted):
            Driver(cell, trainer, evaluator, journal, rng, lambda: next(left) == 0, 1e9).run()
        return trainer, read_record(journal.folder)

    return train


def bits(trainer: Any) -> list[Any]:
    model = trainer.state().get("model", trainer.generator)
    return [value.tolist() if isinstance(value, torch.Tensor) else value for value in model.state_dict().values()]


def scores(record: Record) -> list[tuple[int, Any]]:
    return [(point.x, point.scores) for point in record.curve]


@pytest.mark.parametrize(("name", "rule"), [("Plain", "last"), ("Plain", "best-valid"), ("Viewed", "last")])
def test_a_run_cut_at_any_epoch_ends_on_the_same_bits(
    train: Any, make_cell: Any, context: Context, name: str, rule: str
) -> None:
    cell = make_cell(name, evaluation__rule=rule)
    straight, record = train(cell)
    for cut in range(1, EPOCHS + 1):
        shutil.rmtree(context.runs / cell.id / "checkpoint", ignore_errors=True)
        (context.runs / cell.id / "journal.jsonl").unlink()
        train(cell, cut)
        resumed, again = train(cell)
        assert bits(resumed) == bits(straight) and scores(again) == scores(record), f"cut after epoch {cut}"


def test_training_is_the_same_with_and_without_curves(train: Any, make_cell: Any) -> None:
    with_curve, record = train(make_cell("Plain"))
    without, other = train(make_cell("Plain", evaluation__curve_every=99))
    assert bits(with_curve) == bits(without) and len(record.curve) > len(other.curve)
    assert with_curve.model.training and without.model.training
    assert bits(train(make_cell("Plain", seed=1))[0]) != bits(without)


@pytest.mark.parametrize("name", NAMES)
def test_two_runs_of_one_cell_are_alike_and_the_generator_comes_back(
    make_cell: Any, context: Context, tmp_path: Path, name: str
) -> None:
    cell, found = make_cell(name), []
    for runs in (context.runs, tmp_path / "again"):
        random.seed(len(found))
        torch.manual_seed(len(found))
        there = Context(runs, context.corpora, context.stop)
        write_cell(cell, runs)
        assert job.run(cell, there) == "done", (runs / cell.id / "error.log").read_text()
        record = read_record(runs / cell.id)
        found.append((record.scores, scores(record), (runs / cell.id / "samples.txt").read_text()))
    assert found[0] == found[1] and found[0][0]["nll_test"].value is not None
    opened = open_dataset(cell.dataset, dict(cell.dataset_settings), "", context.corpora)
    assert samples(record, opened, cell) == found[0][2]


def samples(record: Record, opened: Opened, cell: Cell) -> str:
    """Return samples of the run's generator, drawn with the seed of the run's own evaluation."""
    rng = torch_rng(cell.seed_for("evaluate", "final"))
    rows = draw(revive.generator(record, opened), 30, opened.data, rng).tolist()
    return "".join(f"{opened.data.vocabulary.decode(row)}\n" for row in rows)


@pytest.mark.parametrize("name", NAMES)
def test_it_conforms(trainers: Any, name: str) -> None:
    from bench.engine.conformance.subject import subjects
    from bench.engine.conformance.trainers import CHECKS

    cls = plugins.load("bench.baselines", trainers(name))
    for _, subject in subjects(cls, cls.Settings()):
        for check in CHECKS:
            check(subject)
