"""A cell is rebuilt: its dataset, its trainer before training, its generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from bench.contracts.errors import BenchError
from bench.contracts.seeding import torch_rng
from bench.engine import job
from bench.engine.job import Context
from bench.planning.cell import ELSEWHERE, REAL, Cell
from bench.records import revive
from bench.records.journal import Record, read_record


@pytest.fixture
def done(make_cell: Callable[..., Cell], context: Context) -> Record:
    """Make a finished run of the tiny trainer."""
    cell = make_cell()
    assert job.run(cell, context) == "done"
    return read_record(context.runs / cell.id)


def test_the_dataset_is_the_one_of_the_cell(make_cell: Callable[..., Cell], context: Context) -> None:
    cell = make_cell(Words__rows=60)
    opened = revive.reopen(cell, context.corpora)
    assert opened.data.fingerprint == cell.fingerprint and len(opened.data.train) == 36
    assert type(opened.dataset).__name__ == "Words"


def test_other_data_is_refused(make_cell: Callable[..., Cell], context: Context) -> None:
    cell = make_cell()
    given = rf"\(fingerprint {'0' * 16}, here {cell.fingerprint}\): give the --data"
    with pytest.raises(BenchError, match=f"data of Words is not that of Tiny seed 0 {given}"):
        revive.reopen(replace(cell, fingerprint="0" * 16), context.corpora)


def test_the_generator_is_the_one_that_was_judged(done: Record, context: Context) -> None:
    opened = revive.reopen(done.cell, context.corpora)
    model = revive.generator(done, opened)
    rng = torch_rng(done.cell.seed_for("evaluate", "final"))
    rows = model.sample(30, rng=rng)
    lines = [opened.data.vocabulary.decode(row) for row in rows.tolist()]
    assert lines == (done.folder / "samples.txt").read_text().splitlines()


def test_the_real_row_samples_held_out_data(done: Record, context: Context) -> None:
    opened = revive.reopen(done.cell, context.corpora)
    code = revive.code.checksum(REAL, done.cell.dataset)
    real = replace(done, cell=replace(done.cell, reference=REAL, code=code))
    held_out = {tuple(row) for row in opened.data.valid.tolist()}
    assert {tuple(map(int, row)) for row in revive.generator(real, opened).sample(9, rng=torch_rng("a"))} <= held_out


def test_a_trainer_begins_as_it_did(done: Record, context: Context) -> None:
    opened = revive.reopen(done.cell, context.corpora)
    rngs = [revive.training_rng(done.cell, "cpu") for _ in range(2)]
    first, second = (revive.build_trainer(done.cell, opened.data, rng) for rng in rngs)
    assert torch.equal(first.generator.logits, second.generator.logits) and not first.generator.logits.any()
    assert first.mle() == second.mle(), "the same random numbers"
    other = revive.training_rng(replace(done.cell, seed=1), "cpu")
    assert other.initial_seed() != rngs[0].initial_seed()


def test_samples_of_a_file_have_no_generator(done: Record, context: Context) -> None:
    opened = revive.reopen(done.cell, context.corpora)
    with pytest.raises(BenchError, match="Tiny is a file of samples made elsewhere"):
        revive.generator(replace(done, cell=replace(done.cell, reference=ELSEWHERE)), opened)


def test_edited_code_is_refused(done: Record, context: Context) -> None:
    opened = revive.reopen(done.cell, context.corpora)
    path = Path(done.cell.reference.rpartition(":")[0])
    path.write_text(path.read_text() + "\n# edited\n")
    with pytest.raises(BenchError, match="Tiny seed 0: its plug-in's code changed since it was run"):
        revive.generator(done, opened)


def test_a_run_that_kept_no_weights_is_refused(done: Record, context: Context) -> None:
    opened = revive.reopen(done.cell, context.corpora)
    (done.folder / "generator.safetensors").unlink()
    with pytest.raises(
        BenchError, match=r"generator\.safetensors is missing: bring a copy back, or remove .* and run the cell"
    ):
        revive.generator(done, opened)
