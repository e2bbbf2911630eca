"""Files of text and of numbers are cleaned as the user asks; remarks say what is strange about them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.contracts.data import SequenceData, Source
from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.vocabulary import Vocabulary
from bench.judging import preparing
from bench.judging.samples import Cleaning, Samples
from bench.toolkit.corpora.midi import BELOW, note_vocabulary
from bench.toolkit.corpora.reading.rows import Rows

FILE = Path("samples.txt")


def prepare(cells: Any, form: Any, opened: Opened, path: Path, **more: Any) -> Samples:
    """The cells as the lines of a file."""
    rows = Rows(cells, range(1, len(cells) + 1), (), f"{path}, line", "lines")
    return preparing.prepare(rows, form, opened, path, **more)


class Words:
    """A dataset with nothing but a vocabulary."""


class Music:
    below = BELOW


def toy(end: int | None = 0, unknown: int | None = None) -> Opened:
    special = [token for token, index in (("<end>", end), ("<unk>", unknown)) if index is not None]
    words = Vocabulary((*special, *"abcdef"), end=end, unknown=unknown)
    rows = np.array([words.encode(row) for row in ("abcd", "bcde", "cdef", "fedc")])
    return Opened(Words(), SequenceData(rows, rows, rows, words, Source("toy", "", "MIT", "generated")))


def music() -> Opened:
    rows = np.array([[40, 42, 44, 45], [40, 45, 47, 52]])
    return Opened(Music(), SequenceData(rows, rows, rows, note_vocabulary(), Source("toy", "", "MIT", "generated")))


def told(found: Any) -> str:
    return "\n".join(map(str, found.remarks))


def test_special_tokens_are_dropped_only_when_asked_and_always_said() -> None:
    rows = ["<s> a </s> <pad>", "<s>c d</s><pad><pad>", "a b c d"]
    kept = prepare(rows, "text", toy(), FILE)
    assert kept.strangers == {"<s>": 2, "</s>": 2, "<pad>": 1} and "--drop-special" in told(kept)
    assert kept.cleaned == ()
    found = prepare(rows, "text", toy(), FILE, cleaning=Cleaning(drop_special=True))
    assert found.sequences.tolist() == [[1, 0, 0, 0], [3, 4, 0, 0], [1, 2, 3, 4]]
    assert found.outside == 0 and not found.remarks and found.cleaned == (("drop_special", True),)
    assert found.notes[0] == "special tokens dropped: '<pad>' 3, '</s>' 2, '<s>' 2"
    longer = prepare(["a </s> b c </s>"], "text", toy(), FILE, cleaning=Cleaning(drop_special=True))
    assert longer.notes[0] == "special tokens dropped: '</s>' 2; words after an end token dropped: 2"
    none = prepare(["a b"], "text", toy(), FILE, cleaning=Cleaning(drop_special=True))
    assert none.notes[0] == "special tokens dropped: none found"


def test_lists_of_tokens_lose_their_special_tokens_too() -> None:
    rows = [["[CLS]", "a", "b", "[SEP]", "[PAD]"]]
    found = prepare(rows, "text", toy(), FILE, cleaning=Cleaning(drop_special=True))
    assert found.sequences.tolist() == [[1, 2, 0, 0]]


def test_a_row_of_special_tokens_alone_is_an_empty_sequence_or_too_short() -> None:
    dropping = Cleaning(drop_special=True)
    found = prepare(["<eos> <pad>", "a"], "text", toy(), FILE, cleaning=dropping)
    assert found.sequences.tolist() == [[0] * 4, [1, 0, 0, 0]]
    assert "1 of 2 lines empty, judged as empty sequences" in found.notes
    with pytest.raises(BenchError, match="line 2: 0 tokens, every sequence here has 4"):
        prepare(["a b c d", "<eos> <pad>"], "text", toy(end=None), FILE, cleaning=dropping)


def test_an_unknown_word_of_another_program_takes_the_unknown_token_and_is_said() -> None:
    found = prepare(["a [UNK] b <unk>"], "text", toy(unknown=1), FILE)
    assert found.sequences.tolist() == [[2, 1, 3, 1]] and found.strangers == {"[UNK]": 1, "<unk>": 1}


@pytest.mark.parametrize(
    ("line", "sequence"),
    [('"a b"', [1, 2, 0, 0]), ("“a b”  ", [1, 2, 0, 0]), (r'"a \u0062"', [1, 2, 0, 0]), ("a b", [1, 2, 0, 0])],
)
def test_quotation_marks_are_taken_off_when_asked(line: str, sequence: list[int]) -> None:
    found = prepare([line], "text", toy(), FILE, cleaning=Cleaning(unquote=True))
    assert found.sequences.tolist() == [sequence]


def test_quotation_marks_are_said_when_they_stay() -> None:
    found = prepare(['"a b"'] * 5, "text", toy(), FILE)
    assert "5 of 5 lines stand in quotation marks" in told(found) and "--unquote" in told(found)
    taken = prepare(['"a b"', "c"], "text", toy(), FILE, cleaning=Cleaning(unquote=True))
    assert taken.notes[0] == "quotation marks around 1 of 2 lines taken off" and not taken.remarks


def test_a_file_taken_as_ids_says_so() -> None:
    found = prepare(["1 2 3", "4 5 6"], "auto", toy(), FILE)
    assert found.format == "ids" and "read as token ids 0..6" in told(found)
    assert "--format text" in told(found) and "bench data vocabulary" in told(found)
    assert not prepare(["1 2 3", "4 5 6"], "ids", toy(), FILE).remarks


def test_padding_ids_are_named_and_taken_off_when_asked() -> None:
    rows = ["1 2 6 6 6", "3 6 6 6 6", "1 2 3 4 6"]
    found = prepare(rows, "ids", toy(), FILE)
    assert "id 6 begins or ends most rows" in told(found) and "--pad-id 6" in told(found)
    found = prepare(rows, "ids", toy(), FILE, cleaning=Cleaning(pad_id=6))
    assert found.sequences.tolist() == [[1, 2, 0, 0], [3, 0, 0, 0], [1, 2, 3, 4]] and not found.remarks
    assert found.notes == ("padding id 6 taken off 3 of 3 rows",) and found.cleaned == (("pad_id", 6),)


def test_a_padding_id_outside_the_vocabulary_is_named_in_the_error() -> None:
    rows = ["1 2 -100 -100", "3 -100 -100 -100"]
    with pytest.raises(BenchError, match=r"token id -100 is outside the vocabulary 0\.\.6; .* give --pad-id -100"):
        prepare(rows, "ids", toy(), FILE)
    found = prepare(rows, "ids", toy(), FILE, cleaning=Cleaning(pad_id=-100))
    assert found.sequences.tolist() == [[1, 2, 0, 0], [3, 0, 0, 0]]


def test_padding_before_the_sequence_is_taken_off_too_and_inside_it_stays() -> None:
    found = prepare(["0 0 1 2", "0 3 0 4"], "ids", toy(), FILE, cleaning=Cleaning(pad_id=0))
    assert found.sequences.tolist() == [[1, 2, 0, 0], [3, 0, 0, 0]]
    assert found.cleaned == (("pad_id", 0),)
    found = prepare(["6 1 6 2 6"], "ids", toy(), FILE, cleaning=Cleaning(pad_id=6))
    assert found.sequences.tolist() == [[1, 6, 2, 0]]


@pytest.mark.parametrize(
    ("rows", "cleaning", "message"),
    [
        (["a b"], Cleaning(pad_id=1), "--pad-id is for token ids"),
        (["1 2"], Cleaning(drop_special=True), "--drop-special is for text"),
        (["1 2"], Cleaning(unquote=True), "--unquote is for text"),
    ],
)
def test_a_choice_that_does_not_suit_the_file_is_refused(rows: list[str], cleaning: Cleaning, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        prepare(rows, "auto", toy(), FILE, cleaning=cleaning)


def test_midi_numbers_are_read_as_pitches() -> None:
    found = prepare(["60 62 0 108", "21 65 67 72"], "midi-numbers", music(), FILE)
    assert found.sequences.tolist() == [[40, 42, 0, 88], [1, 45, 47, 52]] and found.format == "midi-numbers"
    for wrong in (20, 109, -1):
        message = f"line 2: {wrong} is neither a MIDI pitch, 21..108, nor a rest, 0"
        with pytest.raises(BenchError, match=re.escape(message)):
            prepare(["60 60 60 60", f"60 {wrong} 60 60"], "midi-numbers", music(), FILE)
    with pytest.raises(BenchError, match="midi-numbers is for music"):
        prepare(["1 2 3 4"], "midi-numbers", toy(), FILE)


def test_ids_of_music_say_their_convention_and_midi_numbers_are_noticed() -> None:
    ids, pitches = prepare(["40 42 44 45"], "ids", music(), FILE), prepare(["60 62 64 65"], "ids", music(), FILE)
    assert told(ids) == "the ids are MIDI pitch - 20, and 0 is a rest: --format midi-numbers reads MIDI pitches"
    assert pitches.remarks[0].loud and "if these are MIDI pitches, give --format midi-numbers" in told(pitches)
    with pytest.raises(BenchError, match=r"token id 95 is outside the vocabulary 0\.\.88; .*--format midi-numbers"):
        prepare(["60 62 64 65", "60 62 0 95"], "ids", music(), FILE)
    with pytest.raises(BenchError, match=r"token id 400 is outside the vocabulary 0\.\.88$"):
        prepare(["60 62 64 400"], "ids", music(), FILE)


def test_numbers_in_brackets_taken_as_text_are_told_how_to_be_ids() -> None:
    found = prepare(["[1, 2, 3]", "[4, 5, 6]"], "auto", toy(), FILE)
    assert found.format == "text" and "if they are token ids, give --format ids" in told(found)
