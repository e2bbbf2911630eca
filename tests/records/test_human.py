"""Human scores on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.contracts.errors import BenchError
from bench.records.human import Collected, HumanScore, load, save

SCORES = {
    "real": HumanScore(0.7, 0.6, 0.8, None, 6, 10, "a"),
    "seqgan": HumanScore(0.5, 0.4, 0.6, None, 6, 10, "b"),
    "mle": HumanScore(0.3, None, None, 0.04, 6, 10),
}
COLLECTED = Collected("text:../odd name", "seal", 6, 30, "seqgan", "a t-test", 0.25, None, SCORES)


def test_scores_are_saved_and_loaded(tmp_path: Path) -> None:
    assert load(tmp_path) == []
    path = save(tmp_path, COLLECTED)
    assert path.parent == tmp_path / "human" and [path] == list(path.parent.iterdir())
    assert load(tmp_path) == [COLLECTED]
    save(tmp_path, replace(COLLECTED, raters=7))
    save(tmp_path, replace(COLLECTED, dataset="text:.._odd_name"))
    assert [found.raters for found in load(tmp_path)] in ([6, 7], [7, 6])
    for damage in ("{", "[]", "{}"):
        path.write_text(damage)
        with pytest.raises(BenchError, match=r"damaged; run `bench human import` again"):
            load(tmp_path)


def test_without_the_reference_no_test_is_shown() -> None:
    assert COLLECTED.shown(["mle", "seqgan"]).scores["mle"].p == 0.04
    shown = COLLECTED.shown(["real", "mle"])
    assert list(shown.scores) == ["real", "mle"] and shown.scores["mle"].p is None


def test_the_note_says_who_judged_and_how_far_they_agree() -> None:
    note = COLLECTED.note()
    assert "by 6 raters who saw 30 texts; Fleiss' kappa 0.250, Krippendorff's alpha -." in note
    assert "p against seqgan (a t-test): mle 0.04." in note
    assert "One rater says nothing of others" in replace(COLLECTED, raters=1).note()
    assert "Two raters are few" in replace(COLLECTED, raters=2).note()
