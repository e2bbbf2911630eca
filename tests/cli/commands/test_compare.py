"""bench compare: two rows of finished runs, on every metric."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from click.testing import Result

from bench.cli.commands.compare import _notes, _verdict
from bench.contracts.errors import BenchError
from bench.judging.compare_rows import OnMetric, RowsCompared
from bench.judging.pair_verdict import PairVerdict
from bench.records.journal import Record

Call = Callable[..., Result]
SMALL = ("oracle.parameters=fresh", "oracle.length=5", "oracle.train=256", "oracle.valid=100", "oracle.test=64")


def test_two_rows_on_all_metrics_and_on_some(finish: Callable[..., list[Record]], call: Call) -> None:
    finish("oracle", "random-uniform", "random-unigram", seeds=4, overrides=SMALL)
    told = call("compare", "random-unigram", "random-uniform").stdout
    assert "A = random-unigram, B = random-uniform, on oracle" in told and "seeds of A: 0, 1, 2, 3" in told
    assert "NLL_oracle ↓" in told and "unique rows ↑" in told and "unpaired, as their runs share no starts" in told
    assert re.search(r"needs \d+", told)
    assert "after Holm over" in told
    (line,) = (
        line
        for line in call("compare", "random-unigram", "random-uniform", "--metrics", "nll_oracle").stdout.splitlines()
        if line.strip().startswith("NLL_oracle")
    )
    assert line.split()[-2:] == ["0.0286", "better"], "the least p of 4 against 4 runs"


def test_rows_that_are_not_there(finish: Callable[..., list[Record]], call: Call) -> None:
    finish("oracle", "random-uniform", "random-unigram", seeds=1, overrides=SMALL)
    with pytest.raises(BenchError, match="did you mean 'random-unigram'"):
        call("compare", "random-unigrams", "random-uniform")
    with pytest.raises(BenchError, match="cannot be compared: both rows have"):
        call("compare", "random-unigram", "random-uniform", "--metrics", "bleu-9")


def test_a_narrow_terminal_has_a_short_word_for_what_is_not_distinguishable() -> None:
    verdict = PairVerdict(word="not distinguishable", p=0.4, seeds=6, more=12)
    one = OnMetric(
        metric="nll_oracle",
        better="lower",
        one=1.0,
        other=2.0,
        found=None,
        holm=0.4,
        verdict=verdict,
        needed=None,
        evidence=1.0,
    )
    found = RowsCompared(metrics=(one,), left_out=(), paired=(), family=1)
    assert _verdict(one, wide=True) == "not distinguishable (+12 seeds)"
    assert _verdict(one, wide=False) == "unclear (+12 seeds)"
    assert any(note.startswith("unclear (+n seeds): not dist") for note in _notes(found, wide=False))
    assert not any(note.startswith("unclear") for note in _notes(found, wide=True))
