"""Read the samples.txt of a run back as token ids: the inverse of `Vocabulary.decode`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bench.contracts.data import SequenceData, TokenArray
from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.seeding import torch_rng
from bench.contracts.vocabulary import Vocabulary
from bench.files import read_text
from bench.judging import evaluator
from bench.planning.cell import ELSEWHERE
from bench.records import revive
from bench.records.journal import Record


def kept_samples(record: Record, opened: Opened) -> TokenArray:
    """Return the (n, T) token ids that the run was judged on.

    If the text does not tell where a token ends, they are drawn again from the run's generator, and must give the same
    text. BenchError if the file is damaged, or if neither way gives the samples back.
    """
    path, words = record.folder / "samples.txt", opened.data.vocabulary
    if not _tells_tokens_apart(words):
        return _drawn_again(record, opened)
    found, wanted = read_kept(path, opened.data), record.done.hypotheses if record.done else 0
    if len(found) != wanted:
        raise _damaged(record, f"{len(found)} lines, and the journal says {wanted}")
    if record.cell.reference != ELSEWHERE and (found >= len(words)).any():
        raise _damaged(record, f"it holds words that are no tokens of {record.cell.dataset_label}")
    return found


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


def _drawn_again(record: Record, opened: Opened) -> TokenArray:
    path, words = record.folder / "samples.txt", opened.data.vocabulary
    if record.cell.reference == ELSEWHERE:
        raise BenchError(f"{path} does not tell its tokens apart: judge the file again with `bench score`")
    lines = read_text(path).split("\n")[:-1]
    rng = torch_rng(record.cell.seed_for("evaluate", "final"), device="cpu")
    drawn = evaluator.draw(revive.generator(record, opened), len(lines), opened.data, rng)
    if [words.decode(row) for row in drawn.tolist()] != lines:
        raise BenchError(f"{path} does not tell its tokens apart, and its generator draws others here")
    return drawn


def _damaged(record: Record, why: str) -> BenchError:
    path = record.folder / "samples.txt"
    return BenchError(f"{path} is damaged ({why}): remove {record.folder}, and run the cell again")


def _tells_tokens_apart(words: Vocabulary) -> bool:
    """Return whether the text of any tokens can be split into the same tokens again."""
    if any("\n" in token for token in words.tokens):
        return False
    if words.joiner:
        return not any(words.joiner in token or not token for token in words.tokens)
    return all(len(token) == 1 for index, token in enumerate(words.tokens) if index != words.end)


def _splitter(words: Vocabulary) -> Callable[[str], Sequence[str]]:
    if words.joiner:
        return lambda line: line.split(words.joiner) if line else []
    longest = sorted((token for token in words.tokens if len(token) > 1), key=len, reverse=True)
    pattern = re.compile("|".join([*map(re.escape, longest), "."]), re.DOTALL)
    return pattern.findall
