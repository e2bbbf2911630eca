"""bench match: the temperature at which one arm has the headline score of another."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.contracts.errors import BenchError
from bench.judging import match as matching
from bench.judging.evaluator import Evaluator
from bench.records import revive
from bench.toolkit.corpora.fetch import Corpora
from bench.toolkit.models.tempered import tempered

ORACLE = (
    "oracle.parameters=fresh",
    "oracle.length=5",
    "oracle.train=256",
    "oracle.valid=200",
    "oracle.test=64",
    "mle.rate=0.05",
)


def match(call, *arguments):
    return call("match", *arguments, "-d", "oracle", "--data", "sample").stdout


@pytest.fixture
def runs(finish):
    """Run two seeds of mle, and mle-temperature at .5, whose NLL_oracle is lower."""
    overrides = (*ORACLE, "mle-temperature.temperature=0.5", "mle-temperature.rate=0.05")
    return finish("oracle", "mle", "mle-temperature", seeds=2, samples=200, overrides=overrides)


def label(runs, baseline):
    return next(record.cell.label for record in runs if record.cell.baseline == baseline)


def test_the_matched_temperature_gives_the_headline_of_the_arm(runs, call):
    mle, cold = (label(runs, name) for name in ("mle", "mle-temperature"))
    text = match(call, mle, cold)
    target = np.mean([r.scores["nll_oracle"].value for r in runs if r.cell.label == cold])
    assert f"(seeds 0, 1): nll_oracle {target:.4f}" in text
    found = float(re.search(r"--set mle-temperature.temperature=([\d.]+)\n", text)[1])
    assert 0.3 < found < 0.8
    scores = {name: float(value) for name, value in re.findall(r"^  (\w+) +([\d.]+) ", text, re.M)}
    assert scores["nll_oracle"] == pytest.approx(target, abs=0.02)
    assert {"nll_oracle", "nll_test", "forward_kl", "reverse_kl", "exposure_bias"} <= set(scores)
    assert text == match(call, mle, cold)


def test_a_given_score_stands_for_an_arm(runs, call):
    mle, cold = (label(runs, name) for name in ("mle", "mle-temperature"))
    target = float(np.mean([r.scores["nll_oracle"].value for r in runs if r.cell.label == cold]))
    text = match(call, mle, "--score", repr(target))
    assert f"asked for: nll_oracle {target:.4f}\n" in text and "against" not in text and "not comparable" not in text
    assert f"{mle} (seeds 0, 1) is nearest" in text and "of 200 sequences per run" in text
    beside = re.sub(r"   against .*$", "", match(call, mle, cold), flags=re.M)
    assert text.splitlines()[1:] == beside.splitlines()[1:]


def test_an_arm_or_a_score_is_asked_for_not_both(runs, call):
    for more in ((), (label(runs, "mle-temperature"), "--score", 5)):
        with pytest.raises(BenchError, match="give one of ARM and --score"):
            match(call, label(runs, "mle"), *more)
    with pytest.raises(BenchError, match=r"nll_oracle = 500\.0000 is out of reach: mle.* goes from"):
        match(call, label(runs, "mle"), "--score", 500)


def test_an_arm_matches_itself_near_temperature_one(runs, call):
    mle = label(runs, "mle")
    found = float(re.search(r"temperature=([\d.]+)", match(call, mle, mle))[1])
    assert 0.8 < found < 1.25


def test_out_of_reach_is_said_with_the_range(runs):
    opened = revive.reopen(runs[0].cell, Corpora.from_environment("sample"))
    mle = [record for record in runs if record.cell.baseline == "mle"]
    with pytest.raises(BenchError, match=r"nll_oracle = [\d.]+ of real is out of reach: mle.* goes from"):
        matching.match(mle, runs[:1], opened, 50)


def test_the_scores_are_means_over_the_runs(runs):
    opened = revive.reopen(runs[0].cell, Corpora.from_environment("sample"))
    mle = [record for record in runs if record.cell.baseline == "mle"]
    models = [revive.generator(record, opened) for record in mle]
    evaluator = Evaluator.of(opened, "last")

    def scores(runs, generators):
        tempering = matching.Tempering(runs=runs, generators=generators, evaluator=evaluator, count=50)
        return tempering.scores(0.7, evaluator.metrics)

    both, single = scores(mle, models), [scores([run], [model]) for run, model in zip(mle, models, strict=True)]
    assert len(mle) == 2 and single[0] != single[1]
    assert both == {name: pytest.approx((single[0][name] + single[1][name]) / 2) for name in both}


def columns(text):
    """Return metric -> (the baseline's number, the arm's), as printed."""
    return {name: (ours, theirs) for name, ours, theirs in re.findall(r"^  (\S+) +(\S+)   \S+ +(\S+)$", text, re.M)}


def test_numbers_of_other_signatures_do_not_stand_beside_one_another(runs, call):
    mle, cold = (label(runs, name) for name in ("mle", "mle-temperature"))
    every = columns(match(call, mle, cold))
    assert not any("-" in pair for pair in every.values())
    text = call("match", mle, cold, "-d", "oracle", "--data", "sample", "--samples", 100).stdout
    few = columns(text)
    assert few["nll_oracle"][1] == every["nll_oracle"][1]
    assert all(few[name][1] == "-" != few[name][0] for name in ("nll_test", "forward_kl", "reverse_kl"))
    said = [line for line in text.splitlines() if line.startswith("-: not comparable")]
    assert len(said) == len(few) - 1  # all but the headline
    for name, line in zip(("nll_test", "forward_kl", "reverse_kl"), said, strict=False):
        assert f"{name} of mle" in line and "|hyps:200|" in line and f"here {name}" in line and "|hyps:100|" in line


def signed_otherwise(record, metric, signature):
    """Return the record with another beginning of a metric's signature."""
    score = record.scores[metric]
    changed = replace(score, signature=score.signature.replace(metric, signature, 1))
    return replace(record, events=(*record.events, replace(record.done, scores={**record.scores, metric: changed})))


def test_every_signature_of_an_arms_runs_is_told(runs):
    opened = revive.reopen(runs[0].cell, Corpora.from_environment("sample"))
    mle = [record for record in runs if record.cell.baseline == "mle"]
    other = signed_otherwise(mle[0], "nll_test", "nll_test|log:2")
    found = matching.match(mle, [mle[1], other], opened, 50)
    assert [found.unlike["nll_test"].count(part) for part in ("hyps:200", "log:2", " and ", "hyps:50")] == [2, 1, 1, 1]


def test_no_temperature_is_judged_twice(runs, monkeypatch):
    opened = revive.reopen(runs[0].cell, Corpora.from_environment("sample"))
    mle = [record for record in runs if record.cell.baseline == "mle"]
    cold = [record for record in runs if record.cell.baseline == "mle-temperature"]
    judged, scores = [], matching.Tempering.scores
    monkeypatch.setattr(
        matching.Tempering,
        "scores",
        lambda self, temperature, metrics: judged.append(temperature) or scores(self, temperature, metrics),
    )
    found = matching.match(mle, cold, opened, 50)
    assert (
        len(judged) == len(set(judged))
        and judged[:9] == list(matching.TEMPERATURES)
        and judged[-1] == (found.temperature)
    )


def test_as_many_sequences_are_judged_as_the_arm_has(finish, call):
    few = finish("oracle", "mle", samples=70, overrides=(*ORACLE, "mle.mle_epochs=3"), plan="few")
    many = finish("oracle", "mle", overrides=(*ORACLE, "mle.mle_epochs=5"), samples=90, plan="many")
    text = match(call, label(few, "mle"), label(many, "mle"))
    assert "of 90 sequences per run" in text and "not comparable" not in text
    assert not any("-" in pair for pair in columns(text).values())


def test_a_headline_made_in_another_way_is_no_target(runs):
    opened = revive.reopen(runs[0].cell, Corpora.from_environment("sample"))
    mle = [record for record in runs if record.cell.baseline == "mle"]
    other = signed_otherwise(mle[0], "nll_oracle", "nll_oracle|smooth:method9")
    with pytest.raises(BenchError, match=r"nll_oracle of mle.* seed 0 is nll_oracle\|smooth:method9.*here it would be"):
        matching.match(mle, [other], opened, 50)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("mle", "seqgan"), "unknown finished run in runs 'seqgan'"), (("mlee", "real"), "did you mean")],
)
def test_absent_runs_are_named(finish, call, arguments, message):
    finish("oracle", "mle", overrides=ORACLE[:-1])
    with pytest.raises(BenchError, match=message):
        match(call, *arguments)


@pytest.mark.parametrize("sign", [1, -1])
def test_bisection_finds_the_root_of_rising_and_falling_curves(sign):
    asked = []

    def gap(temperature):
        asked.append(temperature)
        return sign * (math.log(temperature) - math.log(0.37))

    found = matching.bisect(gap, 0.1, 10, at_low=-sign)
    assert found == pytest.approx(0.37, rel=matching.PRECISION)
    halvings = math.ceil(math.log2(math.log(100) / math.log(1 + matching.PRECISION)))
    assert len(asked) == len(set(asked)) == halvings and not {0.1, 10} & set(asked)


@pytest.mark.parametrize(("at_low", "at_high", "root"), [(0.0, 1.0, 0.5), (-1.0, 0.0, 2.0), (1.0, 0.0, 2.0)])
def test_bisection_finds_a_root_at_either_end(at_low, at_high, root):
    found = matching.bisect(lambda _: at_low or at_high, 0.5, 2, at_low=at_low)
    assert found == pytest.approx(root, rel=matching.PRECISION)


def test_of_several_crossings_the_one_nearest_to_temperature_one_is_taken():
    assert matching.nearest_crossing({0.1: -1.0, 0.5: 1.0, 1.0: 2.0, 2.0: -1.0, 10.0: 3.0}) == (1.0, 2.0)
    assert matching.nearest_crossing({1.0: 0.0, 0.5: 1.0}) == (0.5, 1.0)
    assert matching.nearest_crossing({0.1: 1.0, 1.0: 2.0}) is None
    assert matching.TEMPERATURES[4] == 1


def test_a_tempered_lstm_draws_and_scores_at_its_temperature():
    from bench.toolkit.models.lstm import LSTM

    model = LSTM(7, 4, embedding=3, hidden=3).reset(1.0, torch.Generator().manual_seed(0))
    cold = tempered(model, 0.5)
    drawn = cold.sample(9, rng=torch.Generator().manual_seed(1))
    assert torch.equal(drawn, model.sample(9, rng=torch.Generator().manual_seed(1), temperature=0.5))
    assert torch.equal(cold.log_prob(drawn), model.log_prob(drawn, temperature=0.5))
    assert not hasattr(tempered(cold, 2.0), "log_prob")  # it does not take a temperature
