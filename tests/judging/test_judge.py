"""Samples made elsewhere are judged as runs are, beside anchors, and tested against comparable runs only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.metric import Generated, Score
from bench.contracts.seeding import numpy_rng
from bench.judging import judge as judging
from bench.judging.evaluator import Judgement
from bench.judging.judge import Judge
from bench.judging.samples import Samples
from bench.planning.cell import Cell, Evaluation
from bench.records import plans
from bench.records.journal import Journal, Record, read_record, write_cell
from bench.records.runs import RunsFolder
from bench.toolkit.corpora.fetch import Corpora

Store = Callable[..., Record]
ROWS = np.array([[1, 1, 0, 0, 2, 3], [0, 1, 2, 3, 0, 2], [3, 3, 3, 2, 2, 2]])


def judged(judge: Judge) -> Judgement:
    return judge.evaluator.judge_samples(Generated(ROWS))


def arm(real: Cell, label: str, seed: int = 0, **changes: object) -> Cell:
    return replace(real, label=label, reference=label, baseline=label, seed=seed, **changes)  # type: ignore[arg-type]


def share(signature: str, value: float | None = 0.5) -> dict[str, Score]:
    return {"share": Score(value=value, better="higher", signature=signature)}


def test_samples_score_as_a_run_of_the_same_rows_would(judge: Judge, letters: Opened) -> None:
    found = judge.scores(Samples(ROWS, letters.data.vocabulary, 0.0, (), "ids"))
    assert found.scores["share"].value == pytest.approx(3 / 18) and found.scores["nll_test"].value is None
    np.testing.assert_allclose(found.per_sequence["share"], [2 / 6, 1 / 6, 0])
    assert judge.strict is None


def test_a_metric_that_refuses_unknown_words_is_named(judge: Judge) -> None:
    (strict, *rest) = judge.evaluator.metrics
    vars(strict)["unknown_words"] = "error"
    assert replace(judge, evaluator=judge.evaluator.only([*rest, strict])).strict == "share"


def test_anchors_are_the_real_rows_and_the_unigram_of_the_training_data(judge: Judge, letters: Opened) -> None:
    real, unigram = judge.anchors(1500)
    assert [(anchor.label, anchor.hypotheses) for anchor in (real, unigram)] == [
        ("real", 1500),
        ("random-unigram", 1500),
    ]
    valid, train = letters.data.valid, letters.data.train
    assert real.scores["share"].value == pytest.approx(float((valid == 1).mean()), abs=0.02)
    assert unigram.scores["share"].value == pytest.approx(float((train == 1).mean()), abs=0.02)
    counts = np.bincount(train.ravel(), minlength=4) / train.size
    assert unigram.scores["nll_test"].value == pytest.approx(float(-np.log(counts)[letters.data.test].mean()), rel=1e-4)
    (most, _) = judge.anchors(10_000)
    assert most.hypotheses == len(valid)


def test_the_test_is_welch_against_the_lowest_seed(judge: Judge, real_cell: Cell, store_run: Store) -> None:
    mine = judged(judge)
    values = {seed: numpy_rng("test", seed).random(40) for seed in (2, 1)}
    scores = share(mine.scores["share"].signature)
    records = [store_run(arm(real_cell, "mle", seed), scores, {"share": row}) for seed, row in values.items()]
    (test,) = judging.tests(mine, records)
    assert (test.label, test.seed, test.metric, test.value) == ("mle", 1, "share", 0.5)
    assert test.cell == records[1].cell.id
    welch = stats.ttest_ind(mine.per_sequence["share"], values[1], equal_var=False)
    assert test.p_sequences == pytest.approx(welch.pvalue)
    low, high = welch.confidence_interval(0.95)
    assert (test.difference.low, test.difference.high) == (pytest.approx(low), pytest.approx(high))


def test_each_row_and_each_setting_is_tested(judge: Judge, real_cell: Cell, store_run: Store) -> None:
    mine = judged(judge)
    scores, values = share(mine.scores["share"].signature), {"share": [0.1, 0.2, 0.4]}
    cells = [arm(real_cell, "mle"), arm(real_cell, "mle", settings=(("rate", 2),)), arm(real_cell, "seqgan")]
    found = judging.tests(mine, [store_run(cell, scores, values) for cell in cells])
    assert sorted(test.cell for test in found) == sorted(cell.id for cell in cells)


def test_only_values_of_one_signature_are_tested(judge: Judge, real_cell: Cell, store_run: Store) -> None:
    mine = judged(judge)
    made, values = mine.scores["share"].signature, {"share": [0.1, 0.2, 0.4]}
    incomparable = [
        store_run(arm(real_cell, "other-signature"), share(made + "|smooth:9"), values),
        store_run(arm(real_cell, "undefined"), share(made, None), values),
        store_run(arm(real_cell, "other-metric"), {"bleu": share(made)["share"]}, values),
        store_run(arm(real_cell, "no-column"), share(made), {"bleu": [1.0]}),
        store_run(arm(real_cell, "no-file"), share(made)),
    ]
    assert judging.tests(mine, incomparable) == []


def test_a_damaged_file_of_scores_is_named(judge: Judge, real_cell: Cell, store_run: Store) -> None:
    mine = judged(judge)
    record = store_run(arm(real_cell, "mle"), share(mine.scores["share"].signature), {"share": [0.1]})
    (record.folder / "scores.parquet").write_bytes(b"PAR1")
    with pytest.raises(BenchError, match=r"scores\.parquet is damaged .*remove .*, and run the cell again"):
        judging.tests(mine, [record])


def test_scores_of_a_rival_that_changed_are_refused(judge: Judge, real_cell: Cell, store_run: Store) -> None:
    mine = judged(judge)
    record = store_run(arm(real_cell, "mle"), share(mine.scores["share"].signature), {"share": [0.1, 0.3]})
    done = record.done
    assert done is not None
    Journal(record.folder).finish(done)
    sealed = read_record(record.folder)
    assert judging.tests(mine, [sealed])
    store_run(record.cell, share("s"), {"share": [0.1, 0.2]})
    with pytest.raises(BenchError, match=r"scores\.parquet was changed after the cell ended: bring a copy back"):
        judging.tests(mine, [sealed])


def test_rivals_are_the_plans_finished_runs_else_all(tmp_path: Path, real_cell: Cell, store_run: Store) -> None:
    mle, gan, mine = (store_run(arm(real_cell, name), share("s")) for name in ("mle", "seqgan", "mine"))
    pending = arm(real_cell, "pending")
    write_cell(pending, tmp_path / "runs")
    plans.write("small", {cell.id: plans.Entry() for cell in (mle.cell, mine.cell, pending)}, tmp_path / "runs")
    runs = RunsFolder(tmp_path / "runs")

    def labels(plan: str | None, name: str) -> list[str]:
        return [record.cell.label for record in judging.rivals(runs, real_cell, plan, name)]

    assert labels("small", "mine") == ["mle"] and labels("small", "other") == ["mle", "mine"]
    assert labels(None, "mine") == labels("new", "mine") == ["mle", "seqgan"]
    assert judging.rivals(runs, replace(real_cell, dataset_label="other", dataset="other"), None, "mine") == []
    assert gan.status == "done"


def test_a_dataset_is_opened_as_the_plans_runs_were(
    tmp_path: Path, words: str, corpora: Corpora, store_run: Store
) -> None:
    plain = judging.open_judge(words, (), None, RunsFolder(tmp_path / "runs"), corpora)
    assert plain.real.evaluation.rule == "last" and plain.real.fingerprint == plain.opened.data.fingerprint
    other = judging.open_judge(words, ("Words.rows=140",), None, RunsFolder(tmp_path / "runs"), corpora)
    assert other.real.fingerprint != plain.real.fingerprint
    run = replace(other.real, label="mle", evaluation=Evaluation(rule="best-valid"))
    store_run(run, share("s"))
    plans.write("small", {run.id: plans.Entry()}, tmp_path / "runs")
    like = judging.open_judge(words, (), "small", RunsFolder(tmp_path / "runs"), corpora)
    assert like.real.fingerprint == other.real.fingerprint and like.real.evaluation.rule == "best-valid"
    assert "ckpt:best-valid" in like.evaluator.signature(like.evaluator.metrics[0], 30)
