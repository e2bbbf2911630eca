from collections import Counter

import numpy as np

from bench.toolkit.metrics import ngrams


def test_counts_equal_a_counter_of_tuples_at_every_order():
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 3, (12, 9))
    flat = ngrams.flatten(rows, end=0)
    texts = [row[: row.index(0)] if 0 in row else row for row in rows.tolist()]
    grams = ngrams.no_grams(flat)
    for order in range(1, 12):
        grams = ngrams.extend(flat, grams, order, vocabulary=3)
        expected = Counter((i, tuple(t[j : j + order])) for i, t in enumerate(texts) for j in range(len(t) - order + 1))
        starts = dict(zip(grams.ids, grams.places, strict=True))
        names = [tuple(flat.tokens[starts[i] : starts[i] + order].tolist()) for i in range(len(grams.keys))]
        runs = zip(grams.rows.tolist(), [names[g] for g in grams.gram], strict=True)
        assert dict(zip(runs, grams.counts.tolist(), strict=True)) == dict(expected)
        assert np.all(np.diff(grams.keys) > 0)


def test_keys_too_large_to_pack_are_ordered_alike():
    small = np.random.default_rng(1).integers(0, 5, 200)
    huge = small + (1 << 61)
    flat = ngrams.flatten(huge.reshape(10, 20), end=None)
    packed = ngrams.flatten(small.reshape(10, 20), end=None)
    ours, twin = (ngrams.extend(f, ngrams.no_grams(f), 1, 1) for f in (flat, packed))
    for name in ("counts", "rows", "gram", "first", "places", "ids"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(twin, name))
    np.testing.assert_array_equal(ours.keys, twin.keys + (1 << 61))


def test_find_gives_ranks_or_minus_one():
    among = np.array([2, 5, 9])
    np.testing.assert_array_equal(ngrams.find(np.array([9, 0, 5, 10, 2, 3]), among), [2, -1, 1, -1, 0, -1])
    np.testing.assert_array_equal(ngrams.find(np.array([1]), np.empty(0, np.int64)), [-1])


def test_keys_of_any_width_are_sorted_as_numpy_sorts_them():
    rng = np.random.default_rng(2)
    for width in (1, 20, 52, 53, 60, 62):
        keys = rng.integers(0, 1 << width, 3_000) >> rng.integers(0, width, 3_000)
        np.testing.assert_array_equal(ngrams._by_key(keys), np.argsort(keys, kind="stable"))
    assert len(ngrams._by_key(np.empty(0, np.int64))) == 0


def test_numbers_take_32_bits_if_they_fit():
    flat = ngrams.flatten(np.random.default_rng(3).integers(0, 9, (20, 6)), end=0)
    grams = ngrams.extend(flat, ngrams.no_grams(flat), 1, 9)
    wide = ngrams.flatten(np.full((2, 3), 1 << 40), end=None)
    assert {part.dtype for part in (*flat[:3], *grams[1:])} == {np.dtype(np.int32)}
    assert wide.tokens.dtype == np.int64
    narrow = np.array([2, 5, ngrams.NARROW], np.int32)
    np.testing.assert_array_equal(ngrams.find(np.array([5, 1 << 40, ngrams.NARROW]), narrow), [1, -1, 2])
