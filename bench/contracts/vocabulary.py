"""Tokens and their ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True)
class Vocabulary:
    """An ordered set of tokens; a token's id is its place in it.

    `start` is the id fed to a generator before the first position; it may also be an ordinary word, as in the
    oracle task. If sequences vary in length, `end` closes a sequence and fills the rest of its row: no token after the
    first `end` is scored. `unknown` stands for every token outside the vocabulary.
    """

    tokens: tuple[str, ...]
    start: int = 0
    end: int | None = None
    unknown: int | None = None
    joiner: str = " "

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def ids(self) -> dict[str, int]:
        """Return token -> id."""
        return {token: index for index, token in enumerate(self.tokens)}

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Return the ids of tokens; `unknown` for one outside the vocabulary, or KeyError if there is no such id."""
        if self.unknown is None:
            return [self.ids[token] for token in tokens]
        return [self.ids.get(token, self.unknown) for token in tokens]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids before the first end token."""
        words = []
        for index in ids:
            if index == self.end:
                break
            words.append(self.tokens[index])
        return self.joiner.join(words)


def as_tsv(words: Vocabulary) -> str:
    """Return a line for each id: the id, a tab, and the token with tabs, line ends and backslashes escaped."""
    return "".join(f"{index}\t{token.translate(_ESCAPES)}\n" for index, token in enumerate(words.tokens))
