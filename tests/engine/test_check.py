"""Outcomes of the conformance checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.contracts.errors import BenchError
from bench.engine.check import Outcome, check, outcome
from bench.engine.conformance.trainers import CHECKS
from bench.toolkit.corpora.fetch import Corpora

SHELF = Path(__file__).parents[1] / "shelf"


def test_a_sound_trainer_passes_every_check_on_data_of_either_kind(trainers: Any, corpora: Corpora) -> None:
    found = list(check(trainers("Tiny"), {}, corpora))
    assert len(found) == len({title for title, _ in found}) == 2 * len(CHECKS)
    assert not [problem for _, problem in found if problem]


def test_a_trainer_that_breaks_its_contract_goes_on_to_the_other_checks(trainers: Any, corpora: Corpora) -> None:
    found = list(check(trainers("Raises"), {}, corpora))
    assert len(found) == 2 * len(CHECKS)
    assert {problem for _, problem in found} == {"", "RuntimeError: the critic has left"}
    assert ("settings are frozen (fixed length)", "") in found


@pytest.mark.parametrize(
    ("trainer", "title", "problem"),
    [
        ("TopK", "samples follow log prob", "do not follow log_prob"),
        ("TellsOther", "next log prob agrees with log prob", "different probabilities to the same tokens"),
        ("SeedsAnew", "draws from one generator differ", "two draws from one rng are equal"),
    ],
)
def test_a_generator_that_says_other_than_it_draws_is_told(
    trainers: Any, corpora: Corpora, trainer: str, title: str, problem: str
) -> None:
    found = dict(check(trainers(trainer), {}, corpora))
    assert problem in found[f"{title} (fixed length)"], found


@pytest.mark.parametrize(
    ("trainer", "problem"),
    [
        ("Even", ""),
        ("Own", ""),
        ("KeepsItsBeginning", "other random numbers at construction"),
        ("LeavesAPartOut", "changes more than the parts"),
    ],
)
def test_a_start_that_is_no_pure_function_is_told(corpora: Corpora, trainer: str, problem: str) -> None:
    found = dict(check(f"{SHELF / 'from_the_start.py'}:{trainer}", {}, corpora))
    told = found["start is shared to the bit (fixed length)"]
    assert problem in told and bool(problem) == bool(told)


def test_a_dataset_is_known_by_its_methods(words: str, corpora: Corpora) -> None:
    assert list(check(words, {}, corpora)) == [Outcome("splits, metrics and real samples")]
    with pytest.raises(BenchError, match="unknown"):
        list(check(words, {"none": 1}, corpora, "dataset"))


def test_an_exit_is_a_problem_and_bad_input_is_not() -> None:
    def leave() -> None:
        raise SystemExit(0)

    def fail() -> None:
        raise AssertionError("two\nlines")

    def refuse() -> None:
        raise BenchError("no file")

    assert outcome("a", leave) == Outcome("a", "SystemExit: 0")
    assert outcome("a", fail) == Outcome("a", "two lines")
    with pytest.raises(BenchError, match="no file"):
        outcome("a", refuse)
