"""Kneser-Ney against its own definition: dictionaries of tuples, one token at a time."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from bench.contracts.data import TokenArray
from bench.toolkit.models.kneser_ney import KneserNey

WORDS, LENGTH = 5, 4
EVERY = np.array(list(itertools.product(range(WORDS), repeat=LENGTH)))
CASES = list(itertools.product((1, 2, 3, 5), (None, 0)))
Gram = tuple[int, ...]


def closed(rows: TokenArray, end: int | None) -> TokenArray:
    return rows if end is None else np.where(np.cumsum(rows == end, 1) > 0, end, rows)


def rows(end: int | None) -> TokenArray:
    return closed(np.random.default_rng(0).integers(0, WORDS, (30, LENGTH)), end)


def twin(rows: TokenArray, order: int, end: int | None) -> Callable[[int, Gram], float]:
    """Return p(token, history) by the formula, with WORDS as the token before a row's first."""
    occurs = [Counter[Gram]() for _ in range(order + 1)]
    for row in rows.tolist():
        whole = [WORDS, *(row if end is None or end not in row else row[: row.index(end) + 1])]
        for last in range(1, len(whole)):
            for n in range(1, min(order, last + 1) + 1):
                occurs[n][tuple(whole[last - n + 1 : last + 1])] += 1
    counts = [Counter[Gram](), *occurs[1:]]
    for n in range(1, order):
        before: dict[Gram, set[int]] = defaultdict(set)
        for gram in occurs[n + 1]:
            before[gram[1:]].add(gram[0])
        counts[n] = Counter({g: occurs[n][g] if g[0] == WORDS else len(before[g]) for g in occurs[n]})

    def p(token: int, history: Gram) -> float:
        n = len(history) + 1
        lower = p(token, history[1:]) if history else 1 / WORDS
        mine = {gram: count for gram, count in counts[n].items() if gram[:-1] == history}
        if not mine:
            return lower
        once, twice = (sum(count == times for count in counts[n].values()) for times in (1, 2))
        discount = once / (once + 2 * twice) if once and twice else 0.5
        kept = max(mine.get((*history, token), 0) - discount, 0)
        return (kept + discount * len(mine) * lower) / sum(mine.values())

    return p


@pytest.mark.parametrize(("order", "end"), CASES)
def test_every_probability_is_that_of_the_formula(order: int, end: int | None) -> None:
    model, p = KneserNey(rows(end), WORDS, order=order, end=end), twin(rows(end), order, end)
    shown = EVERY[::7]
    found = model.log_prob(torch.from_numpy(shown)).exp().numpy()
    for row, probabilities in zip(shown.tolist(), found, strict=True):
        for position, token in enumerate(row):
            if end in row[:position]:
                assert probabilities[position] == 1
            else:
                history = (WORDS, *row[:position])[max(0, position + 1 - (order - 1)) :] if order > 1 else ()
                assert probabilities[position] == pytest.approx(p(token, history), abs=1e-12)


@pytest.mark.parametrize(("order", "end"), CASES)
def test_all_rows_together_have_probability_one_and_are_drawn_so(order: int, end: int | None) -> None:
    model = KneserNey(rows(end), WORDS, order=order, end=end)
    every = np.unique(closed(EVERY, end), axis=0)
    p = model.log_prob(torch.from_numpy(every)).sum(1).exp().numpy()
    assert p.sum() == pytest.approx(1, abs=1e-12)
    places = WORDS ** np.arange(LENGTH)
    drawn = (model.sample(20_000, rng=torch.Generator().manual_seed(1)).numpy() * places).sum(1)
    counts = np.bincount(drawn, minlength=WORDS**LENGTH)[(every * places).sum(1)]
    assert counts.sum() == 20_000
    common = p * 20_000 > 8
    observed = np.append(counts[common], counts[~common].sum())
    expected = np.append(p[common], p[~common].sum()) * 20_000
    assert chisquare(observed[expected > 0], expected[expected > 0]).pvalue > 1e-3


@pytest.mark.parametrize("temperature", [1.0, 0.6])
@pytest.mark.parametrize("end", [None, 0])
def test_the_next_tokens_agree_with_the_scores_at_a_temperature(end: int | None, temperature: float) -> None:
    model = KneserNey(rows(end), WORDS, order=3, end=end)
    shown = torch.from_numpy(closed(EVERY, end))
    next_token = model.next_log_prob(shown, temperature)
    assert torch.allclose(next_token.exp().sum(2), torch.ones(shown.shape, dtype=torch.float64))
    chosen = next_token.gather(2, shown[:, :, None])[:, :, 0]
    assert torch.allclose(chosen, model.log_prob(shown, temperature))


def test_a_temperature_below_one_sharpens_what_is_drawn() -> None:
    model = KneserNey(rows(None), WORDS, order=3)

    def surprise(temperature: float) -> float:
        drawn = model.sample(2_000, rng=torch.Generator().manual_seed(2), temperature=temperature)
        return -float(model.log_prob(drawn).mean())

    assert surprise(0.3) < surprise(1.0) < surprise(3.0)


def test_a_vocabulary_beyond_what_packed_keys_of_five_tokens_hold() -> None:
    words = 200_000
    shown = np.random.default_rng(1).integers(0, words, (20, 6))
    log_p = KneserNey(shown, words, order=5).log_prob(torch.from_numpy(shown))
    assert log_p.isfinite().all() and float(log_p[:, 1:].exp().mean()) > 0.1
