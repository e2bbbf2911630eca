"""BLEU and Self-BLEU of sequences as plain functions: no dataset, no vocabulary, no split."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, NamedTuple, get_args

import numpy as np

from bench import __version__
from bench.contracts.data import TokenArray
from bench.contracts.errors import BenchError, unknown
from bench.contracts.metric import FloatArray
from bench.contracts.visible import visible
from bench.toolkit.metrics.bleu import Average, BleuIndex, Smoothing, Statistics
from bench.toolkit.metrics.self_bleu import self_statistics

Split = Callable[[str], Sequence[str]]
"""A function that splits a text into tokens."""


@dataclass(frozen=True, eq=False)
class BleuScore:
    """A BLEU value with the signature that says how it was made; it prints both.

    `per_sequence` holds the (n,) BLEU of each sample, even if `value` is that of all samples as one text.
    """

    value: float
    signature: str
    per_sequence: FloatArray = field(repr=False)

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        return f"{self.value:.4f} {self.signature}"

    def _repr_html_(self) -> str:
        """Return the HTML that a notebook shows."""
        return f"<b>{self.value:.4f}</b> <code>{escape(visible(self.signature))}</code>"


def bleu(
    samples: Iterable[Any],
    references: Iterable[Any],
    order: int = 4,
    *,
    smoothing: Smoothing = "method1",
    average: Average = "mean",
    split: Split = str.split,
) -> BleuScore:
    """Return BLEU-`order` of the samples, each against all references, exactly as NLTK defines it.

    Samples and references are texts, which `split` turns into tokens, or rows of tokens: lists of words, or token ids
    (lists, or an (n, T) array or tensor). `average` is "mean", the mean of the samples' scores, or "corpus", the score
    of all samples as one text. BenchError says what is wrong with the input.
    """
    _check(order, smoothing, average)
    ours, theirs = _rows("samples", samples, split), _rows("references", references, split)
    if ours.kind != theirs.kind:
        raise BenchError(f"the samples are {ours.kind}, the references are {theirs.kind}: give both in one form")
    ids: dict[str | int, int] = {}
    hypotheses, against = _encoded(ours.tokens, ids), _encoded(theirs.tokens, ids)
    found = BleuIndex(_filled(against, len(ids)), end=len(ids), max_order=order).statistics(
        _filled(hypotheses, len(ids))
    )
    made = f"bleu-{order}|refs:{len(against)}|tokens:{ours.made}"
    return _score(found, made, order, smoothing, average)


def self_bleu(
    samples: Iterable[Any],
    order: int = 4,
    *,
    smoothing: Smoothing = "method1",
    average: Average = "mean",
    split: Split = str.split,
) -> BleuScore:
    """Return Self-BLEU-`order` (Zhu et al. 2018): BLEU of each sample against all others; low if they differ.

    The arguments are those of `bleu`. BenchError if there are fewer than two samples.
    """
    _check(order, smoothing, average)
    rows, ids = _rows("samples", samples, split), dict[str | int, int]()
    encoded = _encoded(rows.tokens, ids)
    found = self_statistics(_filled(encoded, len(ids)), end=len(ids), max_order=order)
    return _score(found, f"self-bleu-{order}|refs:others|tokens:{rows.made}", order, smoothing, average)


class _Rows(NamedTuple):
    """Rows of tokens; samples and references must have one `kind`, and `made` goes into the signature."""

    tokens: list[Sequence[str | int]]
    kind: str
    made: str


def _check(order: int, smoothing: str, average: str) -> None:
    if not isinstance(order, int) or order < 1:
        raise BenchError(f"order = {order!r}: give a whole number from 1")
    for name, value, known in (("smoothing", smoothing, get_args(Smoothing)), ("average", average, get_args(Average))):
        if value not in known:
            raise unknown(name, str(value), known)


def _rows(name: str, given: Iterable[Any], split: Split) -> _Rows:
    """Return the rows of tokens of texts, token lists or ids; BenchError names the first row of another kind."""
    if isinstance(given, str | bytes):
        raise BenchError(f"{name} is one text: give a list of texts, for example the lines of a file")
    rows = _plain(given)
    if not isinstance(rows, list) or not rows:
        raise BenchError(f"{name} is {'empty' if rows == [] else f'{given!r:.40}'}: give at least one sequence")
    if isinstance(rows[0], str):
        return _Rows([_split(name, number, row, split) for number, row in enumerate(rows)], "texts", _made_by(split))
    found = [_tokens(name, number, row) for number, row in enumerate(rows)]
    kinds = {type(token) for row in found for token in row}
    if len(kinds) > 1:
        raise BenchError(f"{name} mixes words and ids: give one or the other")
    return _Rows(found, *(("ids", "ids") if kinds == {int} else ("token lists", "given")))


def _plain(given: Any) -> Any:
    """Return an array, a tensor, a column or any iterable as a list."""
    if hasattr(given, "tolist"):
        return given.tolist()
    return list(given) if isinstance(given, Iterable) else given


def _split(name: str, number: int, row: Any, split: Split) -> Sequence[str]:
    if not isinstance(row, str):
        raise BenchError(f"{name}[{number}] is {row!r:.40}, the rows before it are texts: give one form")
    return split(row)


def _tokens(name: str, number: int, row: Any) -> Sequence[str | int]:
    """Return one row of words or ids; BenchError for anything else."""
    tokens = _plain(row)
    if isinstance(row, str) or not isinstance(tokens, list):
        raise BenchError(f"{name}[{number}] is {row!r:.40}: a text, a list of words or a row of token ids is needed")
    for token in tokens:
        if isinstance(token, str) and len(token.split()) > 1:
            raise BenchError(
                f"{name}[{number}] holds {token!r:.40}, which is several words: every sample is judged against all "
                "references, so give one flat list of texts"
            )
        if isinstance(token, bool) or not isinstance(token, str | int | np.integer):
            raise BenchError(f"{name}[{number}] holds {token!r:.40}: a word or a whole number is needed")
    return [token if isinstance(token, str) else int(token) for token in tokens]


def _made_by(split: Split) -> str:
    return "blanks" if split is str.split else getattr(split, "__name__", type(split).__name__)


def _encoded(rows: Sequence[Sequence[str | int]], ids: dict[str | int, int]) -> list[list[int]]:
    """Return rows of ids from 0; tokens that `ids` does not know yet are added to it."""
    return [[ids.setdefault(token, len(ids)) for token in row] for row in rows]


def _filled(rows: Sequence[Sequence[int]], end: int) -> TokenArray:
    """Return (n, T) ids; rows shorter than the longest are filled with `end`."""
    filled = np.full((len(rows), max(1, *map(len, rows))), end, dtype=np.int64)
    for into, row in zip(filled, rows, strict=True):
        into[: len(row)] = row
    return filled


def _score(found: Statistics, made: str, order: int, smoothing: Smoothing, average: Average) -> BleuScore:
    each = found.sentence_scores(order, smoothing)
    value = float(each.mean()) if average == "mean" else found.corpus_score(order, smoothing)
    signature = f"{made}|smooth:{smoothing}|avg:{average}|hyps:{len(each)}|v:{__version__}"
    return BleuScore(value, signature, each)
