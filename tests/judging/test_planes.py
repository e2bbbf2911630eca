"""Which metrics make planes."""

from __future__ import annotations

from bench.judging.planes import ORACLE, Plane, planes, preferred


def test_the_oracle_and_every_order_of_bleu_make_a_plane() -> None:
    text = ["bleu-4", "bleu-2", "train-bleu-3", "self-bleu-2", "self-bleu-3", "self-bleu-4", "nll_test"]
    assert [plane.quality for plane in planes(text)] == ["bleu-2", "bleu-4"]
    assert preferred(planes(text)) == Plane("bleu-4", "self-bleu-4", "higher", "lower")
    assert planes(["nll_oracle", "nll_test"]) == [ORACLE] and preferred([ORACLE]) == ORACLE
    assert planes(["nll_oracle", "mse"]) == [] and preferred([]) is None
