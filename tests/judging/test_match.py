"""The matched temperature, compared with a model whose answer has a closed form."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.metric import Score
from bench.judging import match as matching
from bench.judging.evaluator import Evaluator
from bench.planning.cell import Cell, Evaluation
from bench.records import revive
from bench.records.journal import Record
from bench.toolkit.corpora.fetch import Corpora
from bench.toolkit.metrics.copying import NAMES
from bench.toolkit.models.unigram import Unigram

Store = Callable[..., Record]
B = 0.4
"""How probable "b" is; the three other letters share the rest."""


@pytest.fixture
def run(real_cell: Cell, letters: Opened, store_run: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Record]:
    """Store a run with a share of "b". Every stored run's generator is the unigram of B."""
    rest = (1 - B) / 3
    model = Unigram(torch.tensor([rest, B, rest, rest], dtype=torch.float64), letters.data.length)
    monkeypatch.setattr(revive, "generator", lambda record, opened: model)
    evaluator = Evaluator.of(letters, "last")

    def run(label: str, value: float | None, seed: int = 0, signature: str | None = None) -> Record:
        cell = replace(
            real_cell, label=label, reference=label, baseline=label, seed=seed, evaluation=Evaluation(samples=2000)
        )
        share, test = (evaluator.signature(metric, 2000) for metric in evaluator.metrics[:2])
        scores = {
            "share": Score(value=value, better="higher", signature=signature or share),
            "nll_test": Score(value=1.5, better="lower", signature=test),
        }
        return store_run(cell, scores)

    return run


@pytest.mark.parametrize("share", [0.35, 0.6, 0.9])
def test_the_temperature_gives_the_arms_headline(run: Callable[..., Record], letters: Opened, share: float) -> None:
    arm = [run("seqgan", share - 0.05, 0), run("seqgan", share + 0.05, 1)]
    found = matching.match([run("mle", B)], arm, letters)
    odds = 3 * B / (1 - B)  # at temperature t the odds are odds ** (1 / t)
    wanted = math.log(odds) / math.log(3 * share / (1 - share))
    assert found.temperature == pytest.approx(wanted, rel=0.12)  # of 12,000 letters
    assert found.headline == "share" and found.target == pytest.approx(share) and found.hypotheses == 2000
    assert found.scores["share"] == pytest.approx(share, abs=0.005)
    weights = np.array([(1 - B) / 3, B, (1 - B) / 3, (1 - B) / 3]) ** (1 / found.temperature)
    nll = -np.log(weights / weights.sum())[letters.data.test].mean()
    assert found.scores["nll_test"] == pytest.approx(float(nll))
    assert found.arm == {"share": pytest.approx(share), "nll_test": 1.5} and found.unlike.keys() == {
        *NAMES,
        "distinct-2",
    }


def test_a_share_that_no_temperature_gives_is_out_of_reach(run: Callable[..., Record], letters: Opened) -> None:
    with pytest.raises(BenchError, match=r"share = 0\.1000 of seqgan is out of reach: mle goes from 0\.2.* to 0\.99"):
        matching.match([run("mle", B)], [run("seqgan", 0.1)], letters)


def test_fewer_samples_make_other_signatures(run: Callable[..., Record], letters: Opened) -> None:
    found = matching.match([run("mle", B)], [run("seqgan", 0.5)], letters, samples=100)
    assert found.hypotheses == 100 and found.arm == {"share": 0.5}
    told = found.unlike["nll_test"]
    assert "|hyps:2000|" in told and "here nll_test" in told and "|hyps:100|" in told


def test_a_target_that_is_no_such_score_is_refused(run: Callable[..., Record], letters: Opened) -> None:
    with pytest.raises(BenchError, match="seqgan seed 0 has no share to match"):
        matching.match([run("mle", B)], [run("seqgan", None)], letters)
    with pytest.raises(BenchError, match=r"share of gan seed 0 is share\|token:c, here it would be share\|token:b"):
        matching.match([run("mle", B)], [run("gan", 0.5, signature="share|token:c")], letters)


def test_runs_on_different_data_have_no_common_dataset(run: Callable[..., Record], corpora: Corpora) -> None:
    ours = run("mle", B)
    theirs = replace(ours, cell=replace(ours.cell, fingerprint="other"))
    with pytest.raises(BenchError, match=r"mle \(cell .*\) and mle \(cell .*\) were run on different data"):
        matching.open_common([ours], [theirs], corpora)


def test_a_mean_is_undefined_if_one_of_its_values_is() -> None:
    assert matching.mean([1.0, 2.0]) == 1.5 and matching.mean([1.0, None]) is None and matching.mean([]) is None
