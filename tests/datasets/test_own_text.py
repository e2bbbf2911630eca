"""text:FILE, with every kind of bad corpus that a user may have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.knobs import build
from bench.plugins import loading as plugins
from bench.toolkit.corpora.fetch import Corpora

LINES = [
    f"line {number} of {['a', 'the', 'my'][number % 3]} corpus" + " , really" * (number % 2) for number in range(50)
]
TEXT = "\n".join(LINES) + "\n"


def decoded(found: Opened) -> list[list[str]]:
    data = found.data
    return [[data.vocabulary.decode(row) for row in split] for split in (data.train, data.valid, data.test)]


def test_lines_are_split_by_seed(own: Callable[..., Opened]) -> None:
    found = own("text", TEXT, valid=4, test=5)
    assert [len(split) for split in decoded(found)] == [41, 4, 5]
    assert sorted(line for split in decoded(found) for line in split) == sorted(LINES)
    assert found.data.length == 7 and found.data.source.kind == "local"
    assert decoded(own("text", TEXT, valid=4, test=5, seed=1)) != decoded(found)


def test_characters_keep_their_spaces(own: Callable[..., Opened]) -> None:
    found = own("text", TEXT, tokens="char", length=100)
    assert sorted(line for split in decoded(found) for line in split) == sorted(LINES)
    assert "".join(found.dataset.tokens("a b")) == "a b" and " " in found.data.vocabulary.ids


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n\n"])
def test_line_ends_change_nothing(own: Callable[..., Opened], ends: str) -> None:
    assert own("text", ends.join(LINES)).data.fingerprint == own("text", TEXT).data.fingerprint


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n \n\n", "is empty"),
        (b"just one line\n", "1 different sequences; at least 10"),
        (b"the same line\n" * 500, "1 different sequences; at least 10"),
        (TEXT.encode() + b"bad \xff\xfe bytes\n", "line 51: not UTF-8"),
        ("\n".join(f"word{number}" for number in range(50)).encode(), "every line is one token"),
        ("\n".join("a " * number for number in range(1, 40)).encode(), "a vocabulary of 1"),
    ],
)
def test_bad_corpora_are_one_clear_line(own: Callable[..., Opened], content: bytes, message: str) -> None:
    with pytest.raises(BenchError, match=message) as error:
        own("text", content)
    assert "\n" not in str(error.value) and "own.txt" in str(error.value)


def test_lines_of_one_token_among_others_are_kept(own: Callable[..., Opened]) -> None:
    found = own("text", TEXT + "alone\n")
    assert "alone" in [line for split in decoded(found) for line in split]


def test_a_line_of_a_million_tokens_is_cut_and_told(own: Callable[..., Opened]) -> None:
    found = own("text", TEXT + "word " * 1_000_000)
    assert found.data.length == 32 and "1 lines cut to 32 tokens" in found.data.notes


def test_lines_that_differ_only_after_t_are_repeats(own: Callable[..., Opened]) -> None:
    found = own("text", TEXT, length=4)
    size = len(found.data.vocabulary)
    assert found.data.length == 4 and found.data.notes == (
        "0 repeated sequences removed",
        "50 lines cut to 4 tokens",
        f"the vocabulary is built from all splits: 10 of its {size} tokens occur in held-out rows only",
    )
    with pytest.raises(BenchError, match="1 different sequences"):
        own("text", "\n".join(f"the same start {number}" for number in range(50)), length=3)


def test_rare_tokens_are_unknown(own: Callable[..., Opened]) -> None:
    content = "\n".join(f"{LINES[index % 25]} {tail}{index}" for index, tail in enumerate("xy" * 25))
    found = own("text", content, min_count=2)
    assert found.data.vocabulary.unknown == 1 and "x0" not in found.data.vocabulary.ids
    assert any("of tokens are <unk>" in note for note in found.data.notes)
    assert found.data.notes[0] == "25 repeated sequences removed", "they differ in rare words only"
    lines = [line for split in decoded(found) for line in split]
    assert sorted(lines) == sorted(f"{line} <unk>" for line in LINES[:25])
    with pytest.raises(BenchError, match=r"rare words as <unk>.*: 6 different sequences"):
        own("text", TEXT, min_count=3)


def test_another_column_of_the_same_file_is_another_corpus(tmp_path: Path, cache: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("title,body\n" + "".join(f"the title {n},some other body {n}\n" for n in range(30)))
    cls = plugins.load("bench.datasets", "text")
    fingerprints = set()
    for column in ("title", "body", "title"):
        corpora = Corpora(tmp_path / "cache", files={"text": Path(f"{table}#{column}")})
        data = cls(build(cls.Settings, {}, "text"), corpora).load()
        assert column in data.vocabulary.ids
        fingerprints.add(data.fingerprint)
    assert len(fingerprints) == 2


def test_lines_of_a_test_file_that_leaked_are_taken_out_of_train_and_told(
    own: Callable[..., Opened], tmp_path: Path
) -> None:
    held = tmp_path / "held.txt"
    held.write_text("\n".join([*LINES[:7], "a new line"]))
    found = own("text", TEXT, test_file=str(held), valid=3)
    train, valid, test = decoded(found)
    assert test == [*LINES[:7], "a new line"] and sorted(train + valid) == sorted(LINES[7:]) and len(valid) == 3
    assert found.data.notes[0] == "overlap: 7 training rows that also occur in test removed"
    assert found.data.source.file == "own.txt, held.txt"


def test_a_train_split_that_is_all_test_is_refused(own: Callable[..., Opened], tmp_path: Path) -> None:
    held = tmp_path / "held.txt"
    held.write_text(TEXT)
    with pytest.raises(BenchError, match=r"without the test split.*0 different sequences"):
        own("text", TEXT, test_file=str(held))


def test_a_column_of_a_table(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("id,body\n" + "".join(f'{number},"{line}"\n' for number, line in enumerate(LINES)))
    cls = plugins.load("bench.datasets", "text")
    data = cls(build(cls.Settings, {"file": f"{path}#body"}, "text"), Corpora(tmp_path)).load()
    assert len(data.train) + len(data.valid) + len(data.test) == 50
    assert data.source.file == "table.csv"


def test_no_file_is_refused(sample: Callable[..., Opened]) -> None:
    with pytest.raises(BenchError, match="text:FILE"):
        sample("text")


def test_an_edited_file_is_read_again(own: Callable[..., Opened]) -> None:
    first, second = own("text", TEXT).data, own("text", TEXT.replace("my", "your")).data
    assert first.source.sha256 != second.source.sha256 and "your" in second.vocabulary.ids
    assert all("my" not in second.vocabulary.decode(row).split() for row in second.train.tolist())
