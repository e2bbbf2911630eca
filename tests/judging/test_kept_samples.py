"""What `Vocabulary.decode` wrote is read back to the same ids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.contracts.data import SequenceData, Source
from bench.contracts.errors import BenchError
from bench.contracts.vocabulary import Vocabulary
from bench.judging.kept_samples import read_kept

SOURCE = Source("made here", "0" * 64, "MIT", "generated")


def data(words: Vocabulary, length: int = 3) -> SequenceData:
    rows = np.zeros((4, length), dtype=np.int64)
    return SequenceData(rows, rows, rows, words, SOURCE)


@pytest.mark.parametrize(
    "words",
    [
        Vocabulary(("a", "b", "\u2028", "\r")),
        Vocabulary(("a", "b", "<end>"), end=2),
        Vocabulary(("<unk>", "春", "a", "<end>"), end=3, unknown=0, joiner=""),
        Vocabulary(("rest", "C4", "D4")),
    ],
)
def test_ids_come_back(tmp_path: Path, words: Vocabulary) -> None:
    rows = np.array(np.meshgrid(*[range(len(words))] * 3)).reshape(3, -1).T
    if words.end is not None:
        ended = np.logical_or.accumulate(rows == words.end, axis=1)
        rows = np.where(ended, words.end, rows)
    path = tmp_path / "samples.txt"
    path.write_bytes("".join(f"{words.decode(row)}\n" for row in rows.tolist()).encode())
    assert read_kept(path, data(words)).tolist() == rows.tolist()


def test_words_outside_get_ids_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "samples.txt"
    path.write_text("a x y\ny b x\n")
    assert read_kept(path, data(Vocabulary(("a", "b")))).tolist() == [[0, 2, 3], [3, 1, 2]]


@pytest.mark.parametrize("text", ["a b", "a b\n", "a b c d\n", "a b b\nb\n"])
def test_what_is_no_sequence_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "samples.txt"
    path.write_text(text)
    with pytest.raises(BenchError, match=r"samples\.txt"):
        read_kept(path, data(Vocabulary(("a", "b", "c"))))
