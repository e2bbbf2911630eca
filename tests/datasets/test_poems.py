from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.toolkit.metrics.bleu import BleuIndex

GLYPHS = "春山秋水寒江明月白云青松高楼古寺东风长亭"


def poem(number: int) -> str:
    verses = [GLYPHS[(number + at) % 20] + GLYPHS[number // 20 % 20] + GLYPHS[at : at + 3] for at in (0, 4, 8, 12)]
    return " ".join(verses[0] + "，" + verses[1] + "。" + verses[2] + "，" + verses[3] + "。")


POEMS = [poem(number) for number in range(60)]


def test_marks_are_stripped_and_repeats_removed(own: Callable[..., Opened]) -> None:
    dataset, data = own("poems", "\n".join([*POEMS, POEMS[3], POEMS[0]]), valid=4, test=6)
    assert (data.train.shape, data.valid.shape, data.test.shape) == ((50, 20), (4, 20), (6, 20))
    assert data.source.kind == "local" and data.notes[0] == "2 repeated sequences removed"
    decoded = {data.vocabulary.decode(row) for split in (data.train, data.valid, data.test) for row in split}
    assert decoded == {"".join(line.split()).replace("，", "").replace("。", "") for line in POEMS}
    assert dataset.tokens(POEMS[0]) == tuple(data.vocabulary.decode(data.vocabulary.encode(dataset.tokens(POEMS[0]))))


def test_a_poem_of_another_length_is_refused_with_its_number(own: Callable[..., Opened]) -> None:
    with pytest.raises(BenchError, match=r"own\.txt, poem 61: 2 characters without marks, expected 20"):
        own("poems", "\n".join([*POEMS, "春 山 ，"]))


@pytest.mark.corpus
def test_the_published_poems(published: Callable[..., Opened]) -> None:
    _, data = published("poems", "poems/shi.txt")
    assert data.source.kind == "published" and data.notes[0].startswith("401 ")
    assert (len(data.train), len(data.valid), len(data.test)) == (13_993, 1_000, 1_000)
    assert (data.length, len(data.vocabulary)) == (20, 4_769)
    unseen = {int(token) for split in (data.valid, data.test) for token in split.flat} - {*map(int, data.train.flat)}
    assert len(unseen) == 90 and "90 of its 4769 tokens occur in held-out rows only" in data.notes[1]
    assert data.notes[2] == (
        "near-copies: 47 of the 1000 valid rows and 39 of the 1000 test rows share 80 % or more of their positions "
        "with one training row; BLEU-2 of valid against train is 0.7407, without such rows 0.7297"
    )


@pytest.mark.corpus
def test_real_against_the_rest(published: Callable[..., Opened]) -> None:
    _, data = published("poems", "poems/shi.txt")
    rest = BleuIndex(np.concatenate([data.train, data.test]), max_order=2)
    assert rest.sentence_scores(data.valid, 2).mean() == pytest.approx(0.748, abs=0.01)
