"""Scores as they are kept."""

from dataclasses import replace

import pytest

from bench.contracts.errors import BenchError
from bench.judging.human.agreement import fleiss_kappa
from bench.judging.human.collected import collect
from bench.judging.human.scores import score
from bench.records.human import load, save


def test_scores_are_kept_and_read_back(a_sheet, judged, tmp_path):
    sheet = replace(a_sheet(n=10), dataset="text:../odd name")
    answers = judged(sheet, real=0.7, seqgan=0.5, mle=0.3)
    assert load(tmp_path) == []
    collected = collect(sheet, answers)
    path = save(tmp_path, collected)
    assert path.parent == tmp_path / "human" and [path] == list(path.parent.iterdir())
    assert load(tmp_path) == [collected]
    assert collected.scores == score(sheet, answers)
    assert (collected.seal, collected.raters, collected.items) == (sheet.seal, 6, 30)
    assert collected.fleiss_kappa == fleiss_kappa(answers.judged_real)
    for damage in ("{", "[]", "{}"):
        path.write_text(damage)
        with pytest.raises(BenchError, match="damaged"):
            load(tmp_path)
