"""From bytes to token ids: lines, tokens, de-duplication, splits, vocabulary, arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from bench.contracts.data import TokenArray
from bench.contracts.errors import BenchError
from bench.contracts.seeding import numpy_rng
from bench.contracts.vocabulary import Vocabulary
from bench.toolkit.corpora.reading.decoding import decoded

Row = tuple[str, ...]
END = "<end>"
UNKNOWN = "<unk>"


class Split(NamedTuple):
    """Rows of tokens, disjoint."""

    train: list[Row]
    valid: list[Row]
    test: list[Row]


def lines(content: bytes, where: str) -> list[str]:
    """Return the non-empty lines without surrounding space; BenchError if there are none, or no UTF-8."""
    kept = [line for line in map(str.strip, decoded(content, where)) if line]
    if not kept:
        raise BenchError(f"{where} is empty: it needs at least {LEAST_ROWS} different lines")
    return kept


def cut(files: Iterable[Iterable[Row]], length: int) -> tuple[list[list[Row]], int]:
    """Return the rows of each file at most `length` long, and how many were longer.

    Cut before you remove repeats: rows that differ only after `length` are then repeats.
    """
    whole = [list(file) for file in files]
    return [[row[:length] for row in file] for file in whole], sum(len(row) > length for file in whole for row in file)


def distinct(rows: Iterable[Row]) -> list[Row]:
    """Return each row once, in order of first appearance: a row on both sides of a split is a leak."""
    return list(dict.fromkeys(rows))


def split(rows: Sequence[Row], *, valid: int, test: int, seed: int, where: str) -> Split:
    """Draw `valid` and `test` rows at random; BenchError if there are fewer than ten different rows.

    Together they are at most a fifth of all. If more are asked for, neither is cut below half of that fifth.
    """
    if len(rows) < LEAST_ROWS:
        raise BenchError(f"{where}: {len(rows)} different sequences; at least {LEAST_ROWS} are needed to split them")
    most = len(rows) // 5
    if valid + test > most:
        valid, test = min(valid, max(most // 2, most - test)), min(test, max(most // 2, most - valid))
    order = numpy_rng("split", seed).permutation(len(rows))
    drawn = [rows[index] for index in order[: valid + test]]
    rest = [rows[index] for index in sorted(order[valid + test :])]
    return Split(rest, drawn[:valid], drawn[valid:])


def build_vocabulary(
    rows: Iterable[Row], where: str, *, min_count: int = 1, end: bool = False, unknown: bool = False, joiner: str = " "
) -> Vocabulary:
    """Return the tokens seen at least `min_count` times, the frequent first, after <end> and <unk> if wanted.

    BenchError if fewer than two are left, or if a token of the corpus is spelt like the end token.
    """
    counts = Counter(token for row in rows for token in row)
    if end and END in counts:
        raise BenchError(
            f"{where}: {counts[END]} tokens read {END}, which closes a sequence here; write them otherwise"
        )
    specials = [token for token, wanted in ((END, end), (UNKNOWN, unknown)) if wanted]
    words = sorted(
        (t for t, n in counts.items() if n >= min_count and t not in specials), key=lambda t: (-counts[t], t)
    )
    if len(words) < 2:
        raise BenchError(
            f"{where}: a vocabulary of {len(words)} word(s) leaves nothing to learn; at least 2 are needed"
        )
    ids = {token: index for index, token in enumerate(specials)}
    return Vocabulary((*specials, *words), end=ids.get(END), unknown=ids.get(UNKNOWN), joiner=joiner)


def encode(rows: Sequence[Row], vocabulary: Vocabulary, length: int) -> TokenArray:
    """Return (n, length) ids; longer rows are cut, shorter ones are closed and filled with `end`."""
    array = np.full((len(rows), length), 0 if vocabulary.end is None else vocabulary.end, dtype=np.int64)
    for place, row in zip(array, rows, strict=True):
        ids = vocabulary.encode(row[:length])
        place[: len(ids)] = ids
    return array


def divide(
    files: Sequence[Sequence[Row]], *, valid: int, test: int, seed: int, where: str
) -> tuple[Split, tuple[str, ...]]:
    """Return `hold_out` if a second file is the test split, else `draw`."""
    given, *held = files
    if held:
        return hold_out(given, held[0], valid=valid, seed=seed, where=where)
    return draw(given, valid=valid, test=test, seed=seed, where=where)


def marked(files: Iterable[Iterable[Row]], vocabulary: Vocabulary) -> list[list[Row]]:
    """Return the rows with <unk> for each token outside the vocabulary.

    Divide them again: rows that differ in such tokens only are now repeats.
    """
    return [[tuple(t if t in vocabulary.ids else UNKNOWN for t in row) for row in file] for file in files]


def draw(given: Sequence[Row], *, valid: int, test: int, seed: int, where: str) -> tuple[Split, tuple[str, ...]]:
    """Remove repeats, then `split`; a note tells how many."""
    rows = distinct(given)
    parts = split(rows, valid=valid, test=test, seed=seed, where=where)
    return parts, (f"{len(given) - len(rows)} repeated sequences removed",)


def hold_out(
    given: Sequence[Row], test: Sequence[Row], *, valid: int, seed: int, where: str
) -> tuple[Split, tuple[str, ...]]:
    """Keep a given test split whole, remove its rows and repeats from the rest, and draw `valid` from that; with notes.

    BenchError if fewer than ten different rows are left to train on.
    """
    known = set(test)
    own = distinct(row for row in given if row not in known)
    leaked = sum(row in known for row in given)
    train, held, _ = split(own, valid=valid, test=0, seed=seed, where=f"{where} (without the test split)")
    notes = (
        f"overlap: {leaked} training rows that also occur in test removed",
        f"{len(given) - leaked - len(own)} repeated training rows removed",
        f"{len(test) - len(known)} repeated test rows kept",
    )
    return Split(train, held, list(test)), notes


def unknown_note(arrays: Iterable[TokenArray], vocabulary: Vocabulary, min_count: int) -> str:
    """Return a note on the share of <unk> among the tokens that count."""
    tokens = np.concatenate([array.ravel() for array in arrays])
    counted = tokens if vocabulary.end is None else tokens[tokens != vocabulary.end]
    rate = float((counted == vocabulary.unknown).mean())
    return f"{rate:.2%} of tokens are <unk> (seen fewer than {min_count} times)"


def unseen_note(arrays: Sequence[TokenArray], vocabulary: Vocabulary) -> str:
    """Return a note on how many tokens of the vocabulary occur in held-out rows only.

    `arrays` are the (n, T) ids of train, valid and test. A vocabulary built from all of them tells a model about tokens
    that it never sees in training. <end> and <unk> do not count.
    """
    train, *held = arrays
    unseen = np.setdiff1d(np.concatenate([split.ravel() for split in held]), train)
    specials = [token for token in (vocabulary.end, vocabulary.unknown) if token is not None]
    count = len(np.setdiff1d(unseen, specials))
    return (
        f"the vocabulary is built from all splits: {count} of its {len(vocabulary)} tokens occur in held-out rows only"
    )


LEAST_ROWS = 10
