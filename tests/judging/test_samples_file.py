"""Files of samples made elsewhere become the dataset's own rows of them, or one clear error line."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from bench.contracts.data import SequenceData, Source
from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.metric import Generated
from bench.contracts.vocabulary import Vocabulary
from bench.judging import samples_file
from bench.plugins import loading as plugins
from bench.toolkit.corpora.fetch import Corpora
from bench.toolkit.corpora.replay import Replay
from bench.toolkit.metrics.bleu import bleu_metrics
from bench.toolkit.metrics.self_bleu import self_bleu_metrics


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Corpora:
    return Corpora(tmp_path_factory.mktemp("cache"), "sample")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "samples.txt"


class Words:
    """A dataset with nothing but a vocabulary; without a tokeniser of its own."""

    def real(self, data):
        return Replay(data.valid)


def toy(end=None, unknown=None, joiner=" ", length=4):
    tokens = ("<end>",) if end is not None else ()
    tokens += ("<unk>",) if unknown is not None else ()
    words = Vocabulary((*tokens, *"abcdef"), end=end, unknown=unknown, joiner=joiner)
    rows = np.array([[words.ids[token] for token in row] for row in ("abcd", "bcde", "cdef", "fedc")])
    return Opened(Words(), SequenceData(rows, rows, rows, words, Source("toy", "", "MIT", "generated")))


def open_dataset(name, corpora, **settings):
    cls = plugins.load("bench.datasets", name)
    dataset = cls(cls.Settings(**settings), corpora)
    return Opened(dataset, dataset.load())


def read(file, opened, form="auto", strict=None, count=None):
    return samples_file.read(file, form, opened, strict, count)


def write(file, text):
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


TRIPLES = [(a, b, c) for a in ("cat", "dog", "cow") for b in "abcde" for c in "vwxyz"]
LINES = "".join(f"the {a}'s {b}, {c} don't ! {index}\n" for index, (a, b, c) in enumerate(TRIPLES))
SETTINGS = {
    "poems": {},
    "coco": {},
    "nottingham": {},
    "obama": {"min_count": 300},
    "oracle": {"parameters": "fresh", "length": 6, "train": 64, "valid": 64, "test": 64},
    "words": {"min_count": 2},
    "characters": {"tokens": "char", "min_count": 12},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_text_and_ids_of_a_datasets_own_rows_come_back_as_these_rows(name, corpora, file, tmp_path):
    settings = SETTINGS[name]
    if name in ("words", "characters"):
        name, settings = "text", {"file": str(write(tmp_path / "own.txt", LINES)), **settings}
    opened = open_dataset(name, corpora, **settings)
    rows, words = opened.data.train[:300], opened.data.vocabulary
    found = read(write(file, "".join(f"{words.decode(row)}\n" for row in rows.tolist())), opened)
    assert found.format == "text" and np.array_equal(found.sequences, rows) and found.vocabulary == words
    if "min_count" in settings:
        live = rows[rows != words.end] if words.end is not None else rows
        assert found.outside == pytest.approx((live == words.unknown).mean()) and found.outside > 0
    ids = read(write(file, "".join(f"{' '.join(map(str, row))}\n" for row in rows.tolist())), opened, "ids")
    assert ids.format == "ids" and np.array_equal(ids.sequences, rows)


def test_the_poems_marks_do_not_count(corpora, file):
    opened = open_dataset("poems", corpora)
    poem = opened.data.vocabulary.decode(opened.data.train[0])
    marked = " ".join("".join(poem[at : at + 5] + mark for at, mark in zip(range(0, 20, 5), "，。，。", strict=True)))
    assert np.array_equal(read(write(file, f"{marked}\n{poem}"), opened).sequences, opened.data.train[[0, 0]])


def test_raw_speech_is_split_by_the_datasets_tokeniser(corpora, file):
    opened = open_dataset("obama", corpora, length=10)
    words = opened.data.vocabulary
    raw = "We CAN'T, my friends, go on with this work."
    tokens = ["we", "ca", "n't", ",", "my", "friends", ",", "go", "on", "with"]
    assert read(write(file, raw), opened).sequences.tolist() == [words.encode(tokens)]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_and_marks_of_byte_order_do_not_matter(file, ending, last):
    text = ending.join(["a b c d", "d c b a"]) + (ending if last else "")
    found = read(write(file, b"\xef\xbb\xbf" + text.encode()), toy())
    assert np.array_equal(found.sequences, [[0, 1, 2, 3], [3, 2, 1, 0]]) and not found.notes


def test_characters_are_split_without_their_spaces(file):
    found = read(write(file, "abcd\na b cd\n"), toy(joiner=""))
    assert np.array_equal(found.sequences, [[0, 1, 2, 3]] * 2)


def test_fixed_length_cuts_longer_lines_passes_blank_ones_and_refuses_shorter_ones(file):
    found = read(write(file, "a b c d e\n\na b c d\n"), toy())
    assert len(found.sequences) == 2 and found.notes == ("1 of 2 lines longer than 4 tokens and cut",)
    with pytest.raises(BenchError, match=r"samples.txt, line 3: 2 tokens, every sequence here has 4"):
        read(write(file, "a b c d\n\na b\n"), toy())


def test_variable_length_fills_with_end_and_judges_blank_lines_as_empty(file):
    found = read(write(file, "a b\n\nc d e f a\na <end> b\n"), toy(end=0))
    assert np.array_equal(found.sequences, [[1, 2, 0, 0], [0, 0, 0, 0], [3, 4, 5, 6], [1, 0, 0, 0]])
    assert found.notes == (
        "1 of 4 lines longer than 4 tokens and cut",
        "1 of 4 lines empty, judged as empty sequences",
    )


def test_a_line_of_a_million_tokens_is_cut(file):
    assert read(write(file, "a " * 1_000_000), toy()).sequences.tolist() == [[0, 0, 0, 0]]


def test_unknown_words_take_the_unknown_token(file):
    found = read(write(file, "a zebra yak <unk>\n"), toy(unknown=0))
    assert found.sequences.tolist() == [[1, 0, 0, 0]] and found.outside == 0.75 and len(found.vocabulary) == 7


def test_without_an_unknown_token_strangers_match_nothing_but_themselves(file):
    """BLEU and Self-BLEU of words outside the vocabulary, against NLTK on the words themselves."""
    texts = ["a b c zebra", "yak b c d", "zebra b c d", "yak yak okapi okapi", "a b c d"]
    opened = toy()
    found = read(write(file, "\n".join(texts)), opened)
    assert found.outside == 7 / 20
    generated, data = Generated(found.sequences), opened.data
    references = [list(word) for word in ("abcd", "bcde", "cdef", "fedc")]
    rows = [text.split() for text in texts]
    smooth = SmoothingFunction().method1
    for order, bleu, self_bleu in zip(
        (2, 3), bleu_metrics(data, orders=(2, 3)), self_bleu_metrics(data, orders=(2, 3)), strict=True
    ):
        weights = [1 / order] * order
        expected = [sentence_bleu(references, row, weights, smooth) for row in rows]
        assert bleu.score(generated, data).per_sequence == pytest.approx(expected)
        expected = [sentence_bleu(rows[:i] + rows[i + 1 :], row, weights, smooth) for i, row in enumerate(rows)]
        assert self_bleu.score(generated, data).per_sequence == pytest.approx(expected)
    assert [found.vocabulary.decode(row) for row in found.sequences.tolist()] == texts


def test_a_metric_of_the_vocabulary_alone_refuses_strangers(file):
    message = "samples.txt, line 2: 'zebra' is not in the vocabulary, and nll_oracle is defined on its 6 tokens alone"
    with pytest.raises(BenchError, match=message):
        read(write(file, "a b c d\na b c zebra\n"), toy(), strict="nll_oracle")


@pytest.mark.parametrize(
    ("text", "form"),
    [("0 1 2 3", "ids"), ("[0, 1, 2, 3]", "text"), ("a b c d", "text"), ("0 1 2 d", "text"), ("1 2 3 4\n" * 30, "ids")],
)
def test_ids_are_told_from_text(file, text, form):
    assert read(write(file, text + "\n"), toy()).format == form


def test_numbers_that_are_words_are_text(corpora, file):
    opened = open_dataset("oracle", corpora, **SETTINGS["oracle"])
    assert read(write(file, "1 2 3 4 5 6\n"), opened).format == "text"


def test_ids_may_stand_in_brackets_with_commas(file):
    assert read(write(file, "[0, 1, 2, 3]\n(3; 2; 1; 0)\n"), toy(), "ids").sequences.tolist() == [
        [0, 1, 2, 3],
        [3, 2, 1, 0],
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 1 2 6", "token id 6 is outside the vocabulary 0..5"),
        ("0 1 2 -1", "token id -1 is outside the vocabulary 0..5"),
        ("0 1 2 2.5", "'2.5' is not a token id"),
        ("0 1 2 x", "'x' is not a token id"),
        (f"0 1 2 {10**30}", f"'{10**30}' is not a token id"),
        ("0 1 2", "3 tokens, every sequence here has 4"),
    ],
)
def test_wrong_ids_are_named_with_their_line(file, line, message):
    with pytest.raises(BenchError, match=re.escape(f"samples.txt, line 2: {message}")):
        read(write(file, f"0 1 2 3\n{line}\n"), toy(), "ids")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty: one sequence a line is expected"),
        (b"\n \r\n\t\n", "is empty: one sequence a line is expected"),
        (b"a b\0c d", "is a binary file"),
        (b"a b c d\n\xff\xfe", "line 2: not UTF-8"),
    ],
)
@pytest.mark.parametrize("end", [None, 0])
def test_files_that_are_no_text_are_one_line(file, content, message, end):
    with pytest.raises(BenchError, match=message):
        read(write(file, content), toy(end=end))


def test_fewer_lines_than_asked_for_are_an_error(file):
    with pytest.raises(BenchError, match=r"samples.txt holds 2 sequences, --samples asks for 3"):
        read(write(file, "a b c d\n" * 2), toy(), count=3)


def test_tunes_come_from_a_file_a_folder_and_a_zip_alike(corpora, tmp_path):
    opened = open_dataset("nottingham", corpora)
    rows = opened.data.train[:3]
    folder = tmp_path / "tunes"
    folder.mkdir()
    for number, row in enumerate(rows):
        (folder / f"{number}.mid").write_bytes(opened.dataset.to_midi(row))
    (folder / "readme.txt").write_text("not a tune")
    with zipfile.ZipFile(tmp_path / "tunes.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    for source, expected in ((folder, rows), (tmp_path / "tunes.zip", rows), (folder / "1.mid", rows[1:2])):
        found = read(source, opened)
        assert found.format == "midi" and np.array_equal(found.sequences, expected)
    assert len(read(folder, opened, count=2).sequences) == 2
    with pytest.raises(BenchError, match="holds 3 sequences, --samples asks for 4"):
        read(folder, opened, count=4)


def test_short_and_broken_tunes(corpora, tmp_path):
    opened = open_dataset("nottingham", corpora)
    row = opened.data.train[0]
    (tmp_path / "short.mid").write_bytes(opened.dataset.to_midi(row[:9]))
    with pytest.raises(BenchError, match="holds no tune of 32 steps"):
        read(tmp_path, opened)
    (tmp_path / "whole.mid").write_bytes(opened.dataset.to_midi(row))
    assert read(tmp_path, opened).notes == ("1 of 2 tunes shorter than 32 steps, left out",)
    (tmp_path / "broken.mid").write_bytes(b"MThd nonsense")
    found = read(tmp_path, opened)
    assert np.array_equal(found.sequences, opened.data.train[:1])
    unread, short = found.notes
    assert unread.startswith(f"1 of 3 tunes cannot be read and are left out: {tmp_path}/broken.mid is not a readable")
    assert short == "1 of 2 tunes shorter than 32 steps, left out"
    with pytest.raises(BenchError, match=r"broken\.mid is not a readable MIDI file.*--strict leaves no tune out"):
        samples_file.read(tmp_path, "auto", opened, None, None, every_tune=True)
    with pytest.raises(BenchError, match=r"broken\.mid is not a readable MIDI file: [^;]*$"):
        read(tmp_path / "broken.mid", opened)
    (tmp_path / "whole.mid").unlink()
    with pytest.raises(BenchError, match=r"no tune of 32 steps.*; 1 of 2 tunes cannot be read.*broken\.mid"):
        read(tmp_path, opened)


def test_what_looks_like_a_tune_and_is_none_is_left_out(corpora, tmp_path):
    opened = open_dataset("nottingham", corpora)
    whole = opened.dataset.to_midi(opened.data.train[0])
    folder = tmp_path / "tunes.zip"  # a folder, whatever its name
    (folder / "sub" / "folder.mid").mkdir(parents=True)
    (folder / "dangling.mid").symlink_to(folder / "absent")
    (folder / "sub" / "whole.MIDI").write_bytes(whole)
    with zipfile.ZipFile(tmp_path / "mac.zip", "w") as archive:
        archive.writestr("tunes/whole.midi", whole)
        archive.writestr("__MACOSX/tunes/._whole.midi", b"\0\5\x16\7\0\2\0\0Mac OS X")
    for path, left_out in ((folder, 2), (tmp_path / "mac.zip", 1)):
        found = read(path, opened)
        assert np.array_equal(found.sequences, opened.data.train[:1])
        (note,) = found.notes
        assert note.startswith(f"{left_out} of {left_out + 1} tunes cannot be read and are left out: ")
        assert note.count(str(path)) == left_out


def test_tunes_are_judged_on_music_only(tmp_path):
    with pytest.raises(BenchError, match="MIDI files are judged on music only"):
        read(tmp_path, toy())


def test_ids_are_told_from_text_though_some_are_words_and_the_first_lines_empty(file):
    words = Vocabulary(("<end>", "a", "2", "b", "c", "d"), end=0)
    rows = np.array([[1, 2, 3, 0]])
    opened = Opened(Words(), SequenceData(rows, rows, rows, words, Source("toy", "", "MIT", "generated")))
    ids = read(write(file, "\n" * 30 + "1 2 5 4\n2 3 4 1\n"), opened)
    assert (ids.format, ids.sequences[-2:].tolist()) == ("ids", [[1, 2, 5, 4], [2, 3, 4, 1]])
    text = read(write(file, "\n" * 30 + "2 2 2 9\n"), opened)
    assert (text.format, text.outside) == ("text", 0.25)
