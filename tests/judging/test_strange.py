"""Everything strange about a corpus, its real row or a file of samples is found, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest

from bench.contracts.data import SequenceData, Source
from bench.contracts.dataset import Opened
from bench.contracts.knobs import knob
from bench.contracts.metric import Score
from bench.contracts.vocabulary import Vocabulary
from bench.judging import strange
from bench.toolkit.corpora import coarse


@dataclass(frozen=True)
class Knobs:
    tokens: Literal["word", "char"] = knob("word", help="how a line is split")


class Words:
    Settings = Knobs


class Plain:
    @dataclass(frozen=True)
    class Settings:
        pass


def data(train, valid=None, end=None, warnings=(), tokens="abcdefgh"):
    rows = np.array(train)
    held = rows if valid is None else np.array(valid)
    words = Vocabulary(tuple(tokens), end=end)
    return SequenceData(rows, held, held, words, Source("toy", "", "MIT", "generated"), warnings=warnings)


TEN = [[1, 2, 3, 4], [2, 3, 4, 1]] * 5


def test_an_ordinary_corpus_gives_no_remark() -> None:
    assert list(strange.of_corpus(Opened(Words(), data(TEN)), "toy")) == []


def test_warnings_of_a_dataset_are_loud() -> None:
    (remark,) = strange.of_corpus(Opened(Words(), data(TEN, warnings=("lines are cut",))), "toy")
    assert remark.loud and str(remark) == "lines are cut"


def test_tokens_that_never_recur_are_told_with_the_knob_that_splits_finer() -> None:
    found = data(TEN, [[5, 6, 7, 1]])
    assert strange.unseen(found) == 0.75
    (remark,) = strange.of_corpus(Opened(Words(), found), "toy")
    assert remark.loud and remark.fact.startswith("75% of the tokens of held-out rows never occur in training rows")
    assert remark.remedy.startswith("--set toy.tokens=char splits every character")
    (remark,) = strange.of_corpus(Opened(Plain(), found), "toy")
    assert "--set" not in remark.remedy


def test_end_tokens_are_no_tokens_that_recur() -> None:
    assert strange.unseen(data([[1, 0, 0, 0]], [[2, 0, 0, 0]], end=0)) == 1.0


def scores(metric: str, value: float | None) -> dict[str, Score]:
    return {metric: Score(value=value, better="higher", signature=metric)}


@pytest.mark.parametrize(("value", "said"), [(0.0, True), (1e-77, True), (0.0049, True), (0.006, False), (None, False)])
def test_a_real_row_at_bleu_2_of_0_is_told(value: float | None, said: bool) -> None:
    opened = Opened(Words(), data(TEN))
    remark = strange.real_at_nought(scores("bleu-2", value), opened, "toy")
    assert (remark is not None) == said
    if remark is not None:
        assert remark.loud and "BLEU-2 of 0" in remark.fact and "--set toy.tokens=char" in remark.remedy


def test_a_corpus_without_bleu_is_not_told_so() -> None:
    assert strange.real_at_nought(scores("nll_oracle", 0.0), Opened(Words(), data(TEN)), "toy") is None


def test_samples_that_are_mostly_cut_are_told_with_the_knob_that_bounds_them() -> None:
    found = data(TEN)
    bounded = strange.cut(17, 20, found, "toy", {"length": 4})
    assert bounded is not None and bounded.loud and bounded.fact.startswith("85% of the rows are longer than 4 tokens")
    assert bounded.remedy.startswith("--set toy.length=N")
    longest = strange.cut(17, 20, found, "toy", {"length": 32})
    assert longest is not None and longest.remedy == "no row of the corpus is longer"
    assert strange.cut(9, 20, found, "toy", {"length": 4}) is None
    assert strange.cut(17, 20, data(TEN, warnings=("lines are cut",)), "toy", {"length": 4}) is None


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ('"a b"', True),
        ("'a'", True),
        ("“a”", True),
        ("「a」", True),
        ('"a', False),
        ('"', False),
        ("", False),
        ("a", False),
    ],
)
def test_quotation_marks_around_a_line(line: str, marked: bool) -> None:
    assert strange.in_quotes(line) == marked


def test_quoted_lines_are_told_unless_the_corpus_has_them_too() -> None:
    lines = ['"a b"', '"b a"', "b c"]
    split = [['"a', 'b"'], ['"b', 'a"'], ["b", "c"]]
    remark = strange.quoted(lines, split, data(TEN))
    assert remark is not None and remark.loud and remark.fact.startswith("2 of 3 lines stand in quotation marks")
    assert strange.quoted([*lines[1:], "c"], [["x"]] * 3, data(TEN)) is None
    spoken = data([[0, 1], [0, 2]], tokens='"abc')
    assert strange.quoted(['"a"'], [['"', "a", '"']], spoken) is None


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([[1, 2, 3, 7], [1, 7, 7, 7], [2, 3, 7, 7], [3, 7, 7, 7]], 7),
        ([[7, 7, 7, 1], [7, 7, 2, 3], [7, 1, 2, 3]], 7),
        ([[1, 2, 3, 0], [1, 0, 0, 0], [2, 0, 0, 0]], None),  # the end token
        ([[0, 0, 0, 1], [0, 0, 2, 1]], 0),  # the end token first
        ([[1, 2, 7, 7], [1, 7, 7]], None),  # of unequal length
        ([[1, 2, 3, 7], [3, 2, 1, 7], [2, 2, 1, 7]], None),  # as a full stop ends a row
        ([[1, 2, 7, 7], [3, 2, 1, 1], [2, 2, 1, 2], [1, 2, 3, 3]], None),  # in few rows
        ([[7, 7, 7, 7]], None),
        ([], None),
    ],
)
def test_padding_ids_are_found(rows: list[list[int]], found: int | None) -> None:
    assert strange.padding(rows, data(TEN, end=0)) == found


def test_an_id_that_fills_training_rows_too_is_no_padding() -> None:
    held = [[1, 2, 7, 7], [2, 7, 7, 7], [3, 4, 7, 7]]
    assert strange.padding(held, data(TEN)) == 7 and strange.padding(held, data(held)) is None


def test_ids_that_look_like_midi_pitches() -> None:
    corpus = data([[40, 45, 50, 0]] * 4, tokens=map(chr, range(100, 189)))
    remark = strange.shifted(np.array([[61, 64, 0, 71]]), corpus, 20)
    assert remark is not None and remark.loud and "--format midi-numbers" in remark.remedy
    assert strange.shifted(np.array([[41, 44, 0, 51]]), corpus, 20) is None
    assert strange.shifted(np.array([[0, 0, 0, 0]]), corpus, 20) is None


def test_lines_that_are_mostly_cut_are_warned_of_with_a_length_that_keeps_them() -> None:
    (told,) = coarse.warnings([10] * 3 + [40] * 16 + [900], "text", 32, 1_000, "word")
    assert told == (
        "85% of the lines (17 of 20) are longer than 32 tokens and cut: --set text.length=40 leaves 95% of them whole"
    )
    (told,) = coarse.warnings([5_000, 900], "text", 32, 1_000, "char")
    assert told.endswith("--set text.length=1000 leaves 50% of them whole")
    assert coarse.warnings([10] * 11 + [40] * 9, "text", 32, 1_000, "word") == ()


def test_lines_that_are_one_token_are_warned_of() -> None:
    (told,) = coarse.warnings([1] * 15 + [3] * 5, "text", 3, 1_000, "word")
    assert told.startswith("75% of the lines (15 of 20) are one token") and "--set text.tokens=char" in told
    assert coarse.warnings([1] * 15 + [3] * 5, "text", 3, 1_000, "char") == ()
