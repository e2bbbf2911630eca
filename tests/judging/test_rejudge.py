"""Metrics of the user's own judge finished runs, from what these kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from bench.contracts.errors import BenchError
from bench.contracts.seeding import torch_rng
from bench.engine import job
from bench.engine.job import Context
from bench.judging.evaluator import draw
from bench.judging.kept_samples import kept_samples
from bench.judging.rejudge import chosen, rejudge
from bench.planning.cell import Cell
from bench.plugins import metrics as own
from bench.records import revive
from bench.records.journal import Record, read_record
from bench.records.runs import RunsFolder

SHELF = Path(__file__).parent.parent / "shelf"


@pytest.fixture
def metric(tmp_path: Path) -> Callable[[str], own.MetricPlugin]:
    path = shutil.copy(SHELF / "lengths.py", tmp_path)
    return lambda name: own.parse(f"{path}:{name}")


@pytest.fixture
def finished(make_cell: Callable[..., Cell], context: Context) -> Record:
    cell = make_cell()
    assert job.run(cell, context) == "done"
    return read_record(context.runs / cell.id)


def again(record: Record) -> Record:
    return read_record(record.folder)


def test_kept_samples_are_those_that_were_judged(finished: Record, context: Context) -> None:
    opened = revive.reopen(finished.cell, context.corpora)
    rng = torch_rng(finished.cell.seed_for("evaluate", "final"))
    drawn = draw(revive.generator(finished, opened), 30, opened.data, rng)
    assert len(drawn) == 30 and np.array_equal(kept_samples(finished, opened), drawn)


def test_a_cut_file_of_samples_is_refused(finished: Record, context: Context) -> None:
    path = finished.folder / "samples.txt"
    whole = path.read_text()
    opened = revive.reopen(finished.cell, context.corpora)
    path.write_text(whole.partition("\n")[2])
    with pytest.raises(BenchError, match=r"damaged \(29 lines, and the journal says 30\)"):
        kept_samples(finished, opened)
    path.write_text(whole.replace("one", "uno"))
    with pytest.raises(BenchError, match="'uno' is no token of Words"):
        kept_samples(finished, opened)


def test_scores_stand_beside_and_nothing_else_changes(
    finished: Record, context: Context, metric: Callable[[str], own.MetricPlugin]
) -> None:
    before = (finished.folder / "journal.jsonl").read_text(), (finished.folder / "cell.json").read_bytes()
    assert rejudge([finished], [metric("Zeros"), metric("Surprise")], context.corpora) == []
    found = again(finished)
    assert found.cell.id == finished.cell.id and found.status == "done"
    assert (finished.folder / "cell.json").read_bytes() == before[1]
    assert (finished.folder / "journal.jsonl").read_text().startswith(before[0])
    assert list(found.scores)[: len(finished.scores)] == list(finished.scores) and found.done == finished.done

    opened = revive.reopen(finished.cell, context.corpora)
    samples = kept_samples(finished, opened)
    zeros, surprise = list(found.scores)[len(finished.scores) :]
    assert zeros.startswith("zeros ") and surprise.startswith("surprise ")
    assert found.scores[zeros].value == pytest.approx((samples == 0).mean())
    model = revive.generator(finished, opened)
    with torch.no_grad():
        expected = -model.log_prob(torch.from_numpy(samples)).double().mean() / np.log(4)  # type: ignore[attr-defined]
    assert found.scores[surprise].value == pytest.approx(float(expected))
    code = metric("Zeros").code[:16]
    assert found.scores[zeros].signature.startswith(f"zeros|share|code:{code}|hyps:30|temp:1|ckpt:last|data:")
    table = pd.read_parquet(finished.folder / "scores.parquet")
    assert table[zeros].mean() == pytest.approx(found.scores[zeros].value) and "ones" in table


def test_what_is_there_is_not_judged_again_and_an_edited_metric_takes_its_place(
    finished: Record, context: Context, metric: Callable[[str], own.MetricPlugin], tmp_path: Path
) -> None:
    rejudge([finished], [metric("Zeros")], context.corpora)
    once = again(finished)
    rejudge([once], [metric("Zeros")], context.corpora)
    assert again(finished).events == once.events
    edited = tmp_path / "edited" / "lengths.py"
    edited.parent.mkdir()
    edited.write_text((SHELF / "lengths.py").read_text().replace("== 0", "== 1"))
    rejudge([once], [own.parse(f"{edited}:Zeros")], context.corpora)
    (old,), (new,) = (set(record.scores) - set(finished.scores) for record in (once, again(finished)))
    assert old != new and new.startswith("zeros ")
    assert again(finished).scores[new].value == pytest.approx(finished.scores["ones"].value)


def test_a_lost_generator_is_told_and_the_samples_are_judged(
    finished: Record, context: Context, metric: Callable[[str], own.MetricPlugin]
) -> None:
    for path in finished.folder.glob("generator.*"):
        path.unlink()
    (told,) = rejudge([finished], [metric("Zeros"), metric("Surprise")], context.corpora)
    assert "generator.safetensors is missing" in told
    scores = {name.partition(" ")[0]: score.value for name, score in again(finished).scores.items()}
    assert scores["zeros"] is not None and scores["surprise"] is None


def test_a_metric_that_raises_leaves_the_run_as_it_was(
    finished: Record, context: Context, metric: Callable[[str], own.MetricPlugin]
) -> None:
    with pytest.raises(BenchError, match=r"cannot score with .*lengths.py:Broken, lengths.py line \d+: ValueError: no"):
        rejudge([finished], [metric("Broken")], context.corpora)
    assert again(finished).events == finished.events


def test_what_is_no_metric_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.py"
    path.write_text(
        "class Nothing:\n    pass\n\nclass Nameless:\n    def score(self): ...\n    def signature(self): ...\n"
    )
    with pytest.raises(BenchError, match=r"lacks signature\(\), score\(\); the contract is bench/contracts/metric.py"):
        own.parse(f"{path}:Nothing")
    with pytest.raises(BenchError, match="the name of a metric is None"):
        own.parse(f"{path}:Nameless").on(None)  # type: ignore[arg-type]


def test_runs_are_chosen_by_plan_and_dataset(finished: Record, context: Context) -> None:
    runs = RunsFolder(context.runs)
    assert [record.cell for record in chosen(runs, dataset="Words")] == [finished.cell]
    with pytest.raises(BenchError, match="plan"):
        chosen(runs, "none")
    with pytest.raises(BenchError, match="no finished run"):
        chosen(RunsFolder(context.runs / "none"))
