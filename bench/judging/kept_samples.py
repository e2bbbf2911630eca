"""Read the sequences that a finished run was judged on back from its samples.txt, as token ids."""

from __future__ import annotations

from collections.abc import Sequence

from bench.contracts.data import TokenArray
from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.seeding import torch_rng
from bench.contracts.vocabulary import Vocabulary
from bench.files import read_text
from bench.judging import evaluator, samples
from bench.planning.cell import ELSEWHERE
from bench.records import revive
from bench.records.journal import Record


class DamagedSamples(BenchError):
    """A samples.txt is not what the run was judged on."""


def kept_samples(record: Record, opened: Opened) -> TokenArray:
    """Return the (n, T) token ids that the run was judged on.

    If the text does not tell where a token ends, they are drawn again from the run's generator, and must give the same
    text. DamagedSamples if the file is damaged; BenchError if neither way gives the samples back.
    """
    lines, words = _lines(record), opened.data.vocabulary
    if _tells_tokens_apart(words):
        return _encoded(lines, record, opened)
    if record.cell.reference == ELSEWHERE:
        raise BenchError(f"{_path(record)} does not tell its tokens apart: judge the file again with `bench score`")
    rng = torch_rng(record.cell.seed_for("evaluate", "final"), device="cpu")
    drawn = evaluator.draw(revive.generator(record, opened), len(lines), opened.data, rng)
    if [words.decode(row) for row in drawn.tolist()] != lines:
        raise BenchError(f"{_path(record)} does not tell its tokens apart, and its generator draws others here")
    return drawn


def _path(record: Record) -> str:
    return str(record.folder / "samples.txt")


def _lines(record: Record) -> list[str]:
    """Return the lines as they were written; BenchError if there are more or fewer than the run was judged on."""
    lines = read_text(record.folder / "samples.txt").split("\n")[:-1]
    wanted = record.done.hypotheses if record.done else 0
    if len(lines) != wanted:
        raise _damaged(record, f"{len(lines)} lines, and the journal says {wanted}")
    return lines


def _damaged(record: Record, why: str) -> DamagedSamples:
    return DamagedSamples(f"{_path(record)} is damaged ({why}): remove {record.folder}, and run the cell again")


def _tells_tokens_apart(words: Vocabulary) -> bool:
    """Return whether the text of any tokens can be split into the same tokens again."""
    if any("\n" in token for token in words.tokens):
        return False
    if words.joiner:
        return not any(words.joiner in token or not token for token in words.tokens)
    return all(len(token) == 1 for index, token in enumerate(words.tokens) if index != words.end)


def _encoded(lines: Sequence[str], record: Record, opened: Opened) -> TokenArray:
    """Return the ids; each different word outside the vocabulary has an id of its own above the others."""
    data, words = opened.data, opened.data.vocabulary
    ids, strangers = dict(words.ids), len(words)
    if words.end is not None:
        del ids[words.tokens[words.end]]
    found = samples.blank(len(lines), data)
    for place, line in zip(found, lines, strict=True):
        tokens = line.split(words.joiner) if words.joiner and line else list(line)
        outside = [token for token in dict.fromkeys(tokens) if token not in ids]
        if outside and (record.cell.reference != ELSEWHERE or not words.joiner):
            raise _damaged(record, f"{outside[0]!r:.40} is no token of {record.cell.dataset_label}")
        for token in outside:
            ids[token], strangers = strangers, strangers + 1
        if len(tokens) > data.length or (words.end is None and len(tokens) < data.length):
            raise _damaged(record, f"a line of {len(tokens)} tokens, and T is {data.length}")
        place[: len(tokens)] = [ids[token] for token in tokens]
    return found
