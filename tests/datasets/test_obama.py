from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from nltk.tokenize import NLTKWordTokenizer

from bench.contracts.dataset import Opened
from bench.toolkit.metrics.bleu import BleuIndex

WORDS = "we can't wait , i'm sure ; they won't give \"up\" on america's (new) jobs - it's cannot gonna $5.50 u.s. end."


def paragraph(number: int) -> str:
    order = np.random.default_rng(number).permutation(WORDS.split())
    return f"Thank YOU number{number}, " + " ".join([*order, *order])


PARAGRAPHS = [paragraph(number) for number in range(40)]


def test_the_published_layout(own: Callable[..., Opened]) -> None:
    """Blank lines between speeches, CRLF, short paragraphs and repeats."""
    content = "\r\n\r\n\r\n".join([*PARAGRAPHS, "Too short.", PARAGRAPHS[0]])
    _, data = own("obama", content, valid=3, test=4, min_count=1)
    assert (data.train.shape, data.valid.shape, data.test.shape) == ((33, 20), (3, 20), (4, 20))
    assert data.notes[0].startswith("1 repeated") and data.notes[1].startswith("1 paragraphs shorter than 20")
    assert data.vocabulary.unknown is None and "thank" in data.vocabulary.ids and "Thank" not in data.vocabulary.ids


@pytest.mark.parametrize("length", [8, 20, 32])
def test_the_opening_words_are_those_of_the_whole_paragraph(own: Callable[..., Opened], length: int) -> None:
    dataset, data = own("obama", "\n".join(PARAGRAPHS), length=length, min_count=1)
    assert data.length == length
    for line in PARAGRAPHS:
        assert list(dataset.tokens(line)) == NLTKWordTokenizer().tokenize(line.lower())[:length]


def test_rare_words_are_unknown_and_their_rate_is_told(own: Callable[..., Opened]) -> None:
    lines = [f"number{number} {' '.join([f'word{number % 20}'] * 19)}" for number in range(40)]
    _, data = own("obama", "\n".join(lines), valid=2, test=2)
    assert data.vocabulary.unknown == 0 and "number1" not in data.vocabulary.ids
    assert data.notes[-1] == "5.00% of tokens are <unk> (seen fewer than 2 times)"
    assert data.notes[0] == "20 repeated sequences removed", "they differ in rare words only"
    assert [len(split) for split in (data.train, data.valid, data.test)] == [16, 2, 2]


@pytest.mark.corpus
def test_real_against_real_on_the_stand_in(published: Callable[..., Opened]) -> None:
    """500 held out against 10,092 others, every word kept; the mean of eight draws, which vary by sd .006."""
    _, data = published("obama", "obama/whitehouse.txt", local=True, min_count=1)
    assert data.source.kind == "local"
    rows = np.concatenate([data.train, data.valid, data.test])
    scores = []
    for draw in range(8):
        drawn = rows[np.random.default_rng(draw).permutation(len(rows))]
        index = BleuIndex(drawn[500:10_592], max_order=4)
        scores.append([index.sentence_scores(drawn[:500], order).mean() for order in (3, 4)])
    np.testing.assert_allclose(np.mean(scores, axis=0), [0.648, 0.445], atol=0.01)
