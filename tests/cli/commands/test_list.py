"""bench list: what can be run, and the knobs of one."""

from __future__ import annotations

import tomllib

import pytest
from click.testing import CliRunner

from bench.cli.main import bench
from bench.contracts.errors import BenchError
from bench.judging.pair_verdict import seeds_to_pass
from bench.plugins import loading as plugins

SHARING = {"constant-reward", "random-reward", "pg-bleu", "mle-temperature", "mle"}


def listed(*arguments: str) -> list[str]:
    return CliRunner().invoke(bench, ["list", *arguments], catch_exceptions=False).stdout.splitlines()


def test_everything_that_can_be_run_with_what_it_means() -> None:
    lines = listed()
    titles = [lines.index(title) for title in ("baselines:", "datasets:", "presets:")]
    assert titles == sorted(titles) and titles[0] == 0
    told = {line.split()[0]: " ".join(line.split()[1:]) for line in lines if line.startswith("  ")}
    assert {"mle", "seqgan", "transformer", "coco", "text", "lean", "smoke"} < set(told)
    assert told["mle"] == "Maximum likelihood: an LSTM trained by teacher forcing."
    assert told["quick"].startswith("Every baseline on every dataset, three seeds")
    assert all(meaning.endswith((".", ")")) for meaning in told.values()), "each has its line"


def test_a_preset_is_shown_as_it_stands() -> None:
    lines = listed("--preset", "smoke")
    assert lines[0].startswith("# The whole matrix") and "[datasets.poems]" in lines and "rows = 300" in lines
    assert tomllib.loads("\n".join(lines))["run"] == {"seeds": 1}
    with pytest.raises(BenchError, match="did you mean 'smoke'"):
        listed("--preset", "smok")


@pytest.mark.parametrize("name", ["lean", "official", "paper"])
def test_presets_to_publish_have_seeds_that_can_pass_holm(name: str) -> None:
    *_, one, every = listed("--preset", name)
    assert one == (
        "# 8 seeds: against another row an exact p below .05 after Holm needs 4 seeds, 6 if the runs share their starts"
    )
    assert every.startswith("# with every baseline: 8 seeds: against 11 other rows")
    assert every.endswith("needs 6 seeds, 9 if the runs share their starts")
    kinds = [label in SHARING for label in plugins.names("bench.baselines") if label != "seqgan"]
    assert max(filter(None, seeds_to_pass(kinds))) <= 8, "the rivals of SeqGAN that share its starts are paired"


def test_knobs_have_their_value_bounds_and_meaning() -> None:
    lines = listed("--knobs", "pg-bleu")
    assert "pg-bleu.order = 3  BLEU-n of the reward (at least 1, at most 5)" in lines
    (smoothing,) = [line for line in lines if line.startswith("pg-bleu.smoothing = 'nltk-2016'")]
    assert smoothing.endswith("(none or method1 or nltk-2016)")
    assert any(line.startswith("oracle.length = 20 ") for line in listed("--knobs", "oracle"))


def test_a_misspelt_name_is_named() -> None:
    result = CliRunner().invoke(bench, ["list", "--knobs", "seqgn"])
    assert "did you mean 'seqgan'" in str(result.exception)
