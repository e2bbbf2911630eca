"""Rows made elsewhere go through the same rule as the dataset's own corpus."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.contracts.data import SequenceData, Source
from bench.contracts.dataset import Opened
from bench.contracts.vocabulary import Vocabulary
from bench.judging import preparing
from bench.judging.samples import Samples
from bench.judging.samples_file import read
from bench.judging.tokenise import tokenise
from bench.plugins import loading as plugins
from bench.plugins.open_dataset import open_dataset
from bench.toolkit.corpora import stand_ins
from bench.toolkit.corpora.fetch import Corpora
from bench.toolkit.corpora.reading.rows import Rows
from bench.toolkit.corpora.text import lines as lines_of

HERE = Path("samples.txt")
RAW: dict[str, Callable[[], tuple[bytes, ...]]] = {
    "poems": stand_ins.poems,
    "obama": stand_ins.speech,
    "coco": stand_ins.captions,
    "nottingham": stand_ins.tunes,
}
DRAWN = {"oracle", "enumerable", "markov", "text"}  # drawn from a model, without text; text is tested with files below
NAMES = ["Ann", "BOB", "cy", "Di.", "o'Neil"]
SPEECH = [
    f"{NAMES[n % 5]}, THANK you {NAMES[n // 5 % 5]}. We CAN'T \"wait\" - they won't give up on America's (new) jobs: "
    f"it's gonna end, u.s.A. and word{n} cannot matter here."
    for n in range(30)
]
PROSE = [
    f"The  Café\tnumber {n % 7} , “quoted” don't \u3000 stop <s> it's [MASK] {'a b ' * (n % 3)}end{n}."
    for n in range(40)
]


def prepare(cells: Any, form: Any, opened: Opened, path: Path) -> Samples:
    """The cells as the lines of a file."""
    return preparing.prepare(Rows(cells, range(1, len(cells) + 1), (), f"{path}, line", "lines"), form, opened, path)


def rows_of(opened: Opened) -> set[tuple[int, ...]]:
    data = opened.data
    return {tuple(row) for split in (data.train, data.valid, data.test) for row in split.tolist()}


def found_rows(found: Samples) -> set[tuple[int, ...]]:
    return set(map(tuple, found.sequences.tolist()))


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Opened]:
    root = tmp_path_factory.mktemp("cache")
    return lambda name, **settings: open_dataset(name, settings, name, Corpora(root, "sample"))


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., Opened]:
    def open_(name: str, lines: list[str], **settings: object) -> Opened:
        path = tmp_path / "own.txt"
        path.write_text("\n".join(lines), encoding="utf-8")
        return open_dataset(name, settings, name, Corpora(tmp_path / "cache", "sample", files={name: path}))

    return open_


def test_every_dataset_of_the_shelf_is_tried_below() -> None:
    assert set(plugins.names("bench.datasets")) == set(RAW) | DRAWN


@pytest.mark.parametrize("name", RAW)
def test_the_corpuss_own_raw_lines_as_samples_are_the_corpuss_own_rows(
    name: str, shelf: Callable[..., Opened], tmp_path: Path
) -> None:
    opened = shelf(name)
    contents = RAW[name]()
    if zipfile.is_zipfile(io.BytesIO(contents[0])):
        (tmp_path / "raw.zip").write_bytes(contents[0])
        assert found_rows(read(tmp_path / "raw.zip", "auto", opened, None, None)) == rows_of(opened)
        return
    raw = [line for content in contents for line in lines_of(content, name)]
    assert found_rows(prepare(raw, "auto", opened, HERE)) == rows_of(opened)


@pytest.mark.parametrize("min_count", [1, 2])
def test_raw_speech_is_encoded_as_the_corpus_was(own: Callable[..., Opened], min_count: int) -> None:
    opened = own("obama", SPEECH, min_count=min_count, valid=2, test=2)
    assert found_rows(prepare(SPEECH, "auto", opened, HERE)) == rows_of(opened)


@pytest.mark.parametrize("tokens", ["word", "char"])
@pytest.mark.parametrize("min_count", [1, 3])
def test_raw_lines_of_the_users_own_are_encoded_as_the_corpus_was(
    own: Callable[..., Opened], tokens: str, min_count: int
) -> None:
    opened = own("text", PROSE, tokens=tokens, min_count=min_count, valid=2, test=2, length=100)
    assert found_rows(prepare(PROSE, "auto", opened, HERE)) == rows_of(opened)


@pytest.mark.parametrize("spoil", ["{}   ", "  {}", "\t{}\u3000", "\u00a0{} \r"])
@pytest.mark.parametrize("tokens", ["word", "char"])
def test_blanks_around_a_line_do_not_count(own: Callable[..., Opened], tokens: str, spoil: str) -> None:
    opened = own("text", PROSE, tokens=tokens, valid=2, test=2, length=100)
    plain, spoilt = (prepare(rows, "text", opened, HERE) for rows in (PROSE, [spoil.format(line) for line in PROSE]))
    assert np.array_equal(plain.sequences, spoilt.sequences) and spoilt.outside == 0


def test_blanks_between_characters_are_left_out_where_the_corpus_has_none(own: Callable[..., Opened]) -> None:
    lines = ["春山秋水寒江"[n % 6 :] + "明月白云青松"[: n % 5 + 1] for n in range(40)]
    opened = own("text", lines, tokens="char", valid=2, test=2)
    plain = prepare(lines, "text", opened, HERE)
    spaced = prepare([" ".join(line) for line in lines], "text", opened, HERE)
    assert np.array_equal(plain.sequences, spaced.sequences) and spaced.outside == 0
    blanks = sum(len(line) - 1 for line in lines)
    assert spaced.notes == (f"{blanks} blanks between characters left out: the vocabulary has none",)


def test_blanks_that_only_keep_characters_apart_are_left_out_where_the_corpus_has_others(
    own: Callable[..., Opened],
) -> None:
    lines = [f"the cat number {n} sat" for n in range(40)]
    opened = own("text", lines, tokens="char", valid=2, test=2)
    spaced = prepare([" ".join(line) for line in lines], "text", opened, HERE)
    assert np.array_equal(spaced.sequences, prepare(lines, "text", opened, HERE).sequences)
    assert "every second character is a blank" in spaced.notes[0]


def test_a_corpus_of_characters_kept_apart_keeps_its_blanks(own: Callable[..., Opened]) -> None:
    lines = [" ".join(f"word{n}") for n in range(40)]
    opened = own("text", lines, tokens="char", valid=2, test=2)
    found = prepare(lines, "text", opened, HERE)
    assert found_rows(found) == rows_of(opened) and not found.notes


@pytest.mark.parametrize(
    "marked",
    [
        "{}，{}。{}，{}。",
        "{}？{}！{}；{}：",
        "{}、 {}, {}. {}?",
        "{}!{};{}:{}．",
        "「{}」{}……{}\u3000{}｡",
        "\ufeff{}\u200b\t{}·{}—{}",
    ],
)
def test_punctuation_of_poems_does_not_count(shelf: Callable[..., Opened], marked: str) -> None:
    opened = shelf("poems")
    row = opened.data.train[0]
    poem = opened.data.vocabulary.decode(row)
    line = marked.format(*(poem[at : at + 5] for at in range(0, 20, 5)))
    for text in (line, " ".join(line)):
        assert np.array_equal(prepare([text], "auto", opened, HERE).sequences, [row])


def test_words_that_are_split_already_stay_so_and_the_difference_is_said(own: Callable[..., Opened]) -> None:
    opened = own("obama", SPEECH, min_count=1, valid=2, test=2)
    words, rows = opened.data.vocabulary, opened.data.train
    printed = [words.decode(row) for row in rows.tolist()]
    found = prepare(printed, "auto", opened, HERE)
    assert np.array_equal(found.sequences, rows)
    unlike = sum(list(opened.dataset.tokens(line)) != line.split() for line in printed)
    told = f"the dataset's own tokeniser would split {unlike} of {len(printed)} rows otherwise"
    assert any(told in note for note in found.notes) == bool(unlike)


def test_one_strange_word_does_not_change_how_the_file_is_read(own: Callable[..., Opened]) -> None:
    opened = own("obama", SPEECH, min_count=1, valid=2, test=2)
    words, rows = opened.data.vocabulary, opened.data.train
    printed = [words.decode(row) for row in rows.tolist()]
    first, *rest = printed[0].split()
    found = prepare([" ".join(["zebra", *rest]), *printed[1:]], "auto", opened, HERE)
    assert np.array_equal(found.sequences[1:], rows[1:]) and found.strangers == {"zebra": 1}
    assert first in words.ids


def test_a_list_of_tokens_is_taken_as_it_is_but_for_tokens_outside(own: Callable[..., Opened]) -> None:
    opened = own("obama", SPEECH, min_count=1, length=6, valid=2, test=2)
    words = opened.data.vocabulary
    found = prepare([["Ann", ",", "THANK", "you", "bob.", "We", "more"]], "auto", opened, HERE)
    assert [words.decode(row) for row in found.sequences.tolist()] == ["ann , thank you bob. we"]


def test_special_tokens_stay_in_one_piece_whatever_the_tokeniser(own: Callable[..., Opened]) -> None:
    for name, settings in (("obama", {"min_count": 1, "length": 10}), ("text", {"tokens": "char", "length": 30})):
        lines = SPEECH if name == "obama" else [f"the cat {n} sat" for n in range(40)]
        opened = own(name, lines, valid=2, test=2, **settings)
        found = prepare([f"<s>{lines[0]}", f"<s>{lines[1]}"], "text", opened, HERE)
        assert found.strangers == {"<s>": 2} and "--drop-special" in str(found.remarks[0])


def test_a_word_in_capitals_is_a_special_token_only_where_it_is_frequent(own: Callable[..., Opened]) -> None:
    opened = own("obama", SPEECH, min_count=1, length=10, valid=2, test=2)
    shouted = [line.upper() for line in SPEECH]
    few = prepare([shouted[0].replace("THANK", "PAD"), *shouted[1:]], "text", opened, HERE)
    assert few.strangers == {"pad": 1} and "--drop-special" not in str(few.remarks)
    many = prepare([f"BOS {line}" for line in SPEECH], "text", opened, HERE)
    assert many.strangers == {"BOS": len(SPEECH)} and "--drop-special" in str(many.remarks)


@pytest.mark.corpus
@pytest.mark.parametrize(("name", "file"), [("poems", "poems/shi.txt"), ("obama", "obama/whitehouse.txt")])
def test_published_lines_as_samples_are_the_corpuss_own_rows(name: str, file: str) -> None:
    import os

    root = Path(os.environ.get("BENCH_DATA") or "nowhere")
    if not (root / file).is_file():
        pytest.skip(f"corpus absent: {file} is not in BENCH_DATA")
    opened = open_dataset(name, {}, name, Corpora(root, "published", {name: root / file}))
    raw = lines_of((root / file).read_bytes(), file)
    if name == "obama":
        raw = [line for line in raw if len(opened.dataset.tokens(line)) == opened.data.length]
    assert found_rows(prepare(raw, "auto", opened, HERE)) == rows_of(opened)


def opened_of(tokens: tuple[str, ...], joiner: str = " ", **words: Any) -> Opened:
    """Return a dataset without a tokeniser of its own. Its rows are the tokens in order and in reverse."""
    rows = np.array([range(len(tokens)), range(len(tokens))[::-1]])
    data = SequenceData(rows, rows, rows, Vocabulary(tokens, joiner=joiner, **words), Source("x", "", "MIT", "local"))
    return Opened(object(), data)


class Shouts:
    """A dataset whose own rule writes small letters and removes dots."""

    def tokens(self, line: str) -> list[str]:
        return line.lower().replace(".", " ").split()


def test_words_are_split_at_blanks_and_characters_one_by_one() -> None:
    words = tokenise([" the  cat\tsat "], opened_of(("the", "cat", "sat")))
    assert words.rows == [["the", "cat", "sat"]] and not words.special and words.notes == ()
    characters = tokenise(["ab a"], opened_of(("a", "b"), joiner=""))
    assert [list(row) for row in characters.rows] == [["a", "b", "a"]]


def test_the_datasets_own_rule_is_taken_where_it_finds_more_words() -> None:
    opened = opened_of(("the", "cat", "sat"))._replace(dataset=Shouts())
    assert tokenise(["The. Cat. sat."], opened).rows == [["the", "cat", "sat"]]
    plain = opened_of(("The.", "cat", "sat"))._replace(dataset=Shouts())
    found = tokenise(["The. cat sat", "cat sat cat"], plain)
    assert found.rows == [["The.", "cat", "sat"], ["cat", "sat", "cat"]]
    (note,) = found.notes
    assert note.startswith("read as words that are split already") and "would split 1 of 2 rows otherwise" in note


def test_a_list_of_tokens_is_split_only_where_a_token_is_unknown() -> None:
    opened = opened_of(("The.", "cat", "sat"))._replace(dataset=Shouts())
    found = tokenise([["The.", "Cat.Sat", "<pad>"]], opened)
    assert found.rows == [["The.", "cat", "sat", "<pad>"]] and found.special == {"<pad>": 1}


def test_special_tokens_are_counted_unless_the_corpus_holds_them() -> None:
    found = tokenise(["<s> the cat </s>", "<s>the cat"], opened_of(("the", "cat")))
    assert found.special == {"<s>": 2, "</s>": 1}
    assert found.rows == [["<s>", "the", "cat", "</s>"], ["<s>", "the", "cat"]]
    assert not tokenise(["<s> the cat"], opened_of(("the", "cat", "<s>"))).special
    assert tokenise(["<s> the"], opened_of(("the", "<", "s", ">"))).special == {"<s>": 1}
