"""bench list: what can be run, and the knobs of one."""

from __future__ import annotations

from click.testing import CliRunner

from bench.cli.main import bench


def listed(*arguments: str) -> list[str]:
    return CliRunner().invoke(bench, ["list", *arguments], catch_exceptions=False).stdout.splitlines()


def test_everything_that_can_be_run() -> None:
    baselines, datasets, presets = listed()
    assert baselines.startswith("baselines: constant-reward, mle, ") and baselines.endswith(", seqgan, transformer")
    assert datasets == "datasets:  coco, enumerable, markov, nottingham, obama, oracle, poems, text"
    assert presets == "presets:   lean, official, paper, quick, smoke"


def test_knobs_have_their_value_bounds_and_meaning() -> None:
    lines = listed("--knobs", "pg-bleu")
    assert "pg-bleu.order = 3  BLEU-n of the reward (at least 1, at most 5)" in lines
    (smoothing,) = [line for line in lines if line.startswith("pg-bleu.smoothing = 'nltk-2016'")]
    assert smoothing.endswith("(none or method1 or nltk-2016)")
    assert any(line.startswith("oracle.length = 20 ") for line in listed("--knobs", "oracle"))


def test_a_misspelt_name_is_named() -> None:
    result = CliRunner().invoke(bench, ["list", "--knobs", "seqgn"])
    assert "did you mean 'seqgan'" in str(result.exception)
