"""How a line of text made elsewhere is split into a dataset's tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.dataset import Opened, Tokenising
from bench.vocabulary import Vocabulary


def tokeniser(opened: Opened) -> Callable[[str], Sequence[str]]:
    """The dataset's own, else words or characters as its vocabulary joins them.

    A line that is words of the vocabulary already, as in a run's samples.txt, is left as it is: a tokeniser need not
    give its own output back.
    """
    words, own = opened.data.vocabulary, opened.dataset
    tokens: Callable[[str], Sequence[str]] | None = own.tokens if isinstance(own, Tokenising) else None
    if not words.joiner:
        return _characters(tokens or (lambda line: "".join(line.split())), words)
    if tokens is None:
        return str.split
    least = opened.data.length if words.end is None else 1

    def split(line: str) -> Sequence[str]:
        line_tokens = line.split()
        ready = len(line_tokens) >= least and all(token in words.ids for token in line_tokens)
        return line_tokens if ready else tokens(line)

    return split


def _characters(tokens: Callable[[str], Sequence[str]], words: Vocabulary) -> Callable[[str], Sequence[str]]:
    """`tokens`, with the unknown token, which is written with several characters, kept in one piece."""
    if words.unknown is None:
        return tokens
    unknown = words.tokens[words.unknown]

    def split(line: str) -> Sequence[str]:
        known, *rest = (tokens(piece) for piece in line.split(unknown))
        return [*known, *(token for piece in rest for token in (unknown, *piece))]

    return split
