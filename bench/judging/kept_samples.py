"""Read the samples.txt of a run back as token ids: the inverse of `Vocabulary.decode`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.errors import BenchError
from bench.contracts.vocabulary import Vocabulary
from bench.files import read_text


def read_kept(path: Path, data: SequenceData) -> TokenArray:
    """Return the samples of a run as (n, T) ids; BenchError if the text does not tell them.

    A word outside the vocabulary, which samples made elsewhere may hold, gets an id of its own above all others.
    """
    lines = read_text(path).split("\n")
    if lines.pop() != "":
        raise BenchError(f"{path} does not end with a whole line")
    split, ids = _splitter(data.vocabulary), dict(data.vocabulary.ids)
    rows = np.full((len(lines), data.length), data.vocabulary.end or 0, dtype=np.int64)
    for number, line in enumerate(lines, 1):
        tokens = split(line)
        fits = len(tokens) == data.length or (data.vocabulary.end is not None and len(tokens) < data.length)
        if not fits or data.vocabulary.joiner.join(tokens) != line:
            raise BenchError(f"{path}, line {number} does not read back as a sequence of the dataset")
        rows[number - 1, : len(tokens)] = [ids.setdefault(token, len(ids)) for token in tokens]
    return rows


def _splitter(words: Vocabulary) -> Callable[[str], Sequence[str]]:
    if words.joiner:
        return lambda line: line.split(words.joiner) if line else []
    longest = sorted((token for token in words.tokens if len(token) > 1), key=len, reverse=True)
    pattern = re.compile("|".join([*map(re.escape, longest), "."]), re.DOTALL)
    return pattern.findall
