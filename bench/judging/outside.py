"""Explain tokens outside a vocabulary: name the most common ones and why they are outside."""

from __future__ import annotations

import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Literal

from bench.contracts.vocabulary import Vocabulary
from bench.judging import specials
from bench.judging.remark import Remark

SHOWN = 10
LOUD = 0.05  # share of all tokens
_LEAST = 0.02  # a cause is named if it explains this share of the tokens outside
_STRAIGHT = str.maketrans("“”„‟‘’‚‛«»", '""""\'\'\'\'""')
_PIECES = ("##", "▁", "Ġ")  # how WordPiece, SentencePiece and byte-level BPE mark their pieces
_WIDEST = 40  # characters of a token that are shown


def outside(counts: Mapping[str, int], total: int, words: Vocabulary) -> Remark | None:
    """Return the remark on tokens outside the vocabulary; None if there are none.

    `counts` tells how often each of them occurs among `total` tokens.
    """
    if not counts:
        return None
    number = sum(counts.values())
    remedies = list(_remedies(counts, words))
    fact = f"{number / total:.2%} of tokens are outside the vocabulary: {commonest(counts)}"
    remedy = f"of these, {'; '.join(remedies)}" if remedies else ""
    return Remark(fact, remedy, loud=bool(remedies) or number >= LOUD * total)


def framing(counts: Mapping[str, int]) -> Remark | None:
    """Return the remark on special tokens that begin, end or fill the rows; None if there are none."""
    found = {token: count for token, count in counts.items() if specials.kind_of(token) in specials.FRAME}
    if not found:
        return None
    fact = f"special tokens of another program stand in the rows: {commonest(found)}"
    return Remark(fact, "--drop-special leaves them out, and everything after an end token", loud=True)


def commonest(counts: Mapping[str, int]) -> str:
    """Return at most ten tokens with their counts: `'<pad>' 358, 'A' 200 and 17 others`."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{shortened(token)} {count}" for token, count in ordered[:SHOWN])
    more = len(ordered) - SHOWN
    return f"{shown} and {more} others" if more > 0 else shown


def shortened(token: str) -> str:
    """Return the token in quotes; characters that cannot be seen are escaped."""
    return repr(token if len(token) <= _WIDEST else f"{token[:_WIDEST]}...")


def _remedies(counts: Mapping[str, int], words: Vocabulary) -> Iterator[str]:
    """Yield a clause for each cause that explains enough of the tokens, the most common cause first.

    Special tokens are explained by `framing`.
    """
    causes = _Causes(words)
    explained = Counter[str]()
    for token, count in counts.items():
        if cause := causes.of(token):
            explained[cause] += count
    for cause, count in explained.most_common():
        if cause in _CLAUSES and count >= _LEAST * sum(counts.values()):
            lower = ": the corpus is in lower case, so write the samples in lower case"
            yield f"{count} {_CLAUSES[cause]}{lower if cause == 'case' and causes.lower_case else ''}"


class _Causes:
    """The causes that put a token outside a vocabulary, each with the change that would bring it in."""

    def __init__(self, words: Vocabulary) -> None:
        self._words = words

    def of(self, token: str) -> str | None:
        """Return the name of the first cause that explains the token."""
        return next((name for name, explains in self._explanations.items() if explains(token)), None)

    @cached_property
    def lower_case(self) -> bool:
        """Return whether no token of the vocabulary holds a capital letter."""
        return all(token == token.lower() for token in self._ids if specials.kind_of(token) is None)

    @cached_property
    def _explanations(self) -> dict[str, Callable[[str], bool]]:
        return {
            "special": lambda token: specials.kind_of(token) in specials.FRAME,
            "unknown": lambda token: specials.kind_of(token) in ("unknown", "mask"),
            "case": lambda token: token.lower() in self._folded,
            "invisible": lambda token: self._is_in(_visible(token), token),
            "quotes": lambda token: self._is_in(token.translate(_STRAIGHT), token),
            "NFC": lambda token: self._normalised(token, "NFC") or _combines(token),
            "NFD": lambda token: self._normalised(token, "NFD"),
            "NFKC": lambda token: self._normalised(token, "NFKC"),
            "marks": lambda token: self._is_in(_bare(token).lower(), token.lower()),
            "pieces": lambda token: len(token) > 1 and (token.startswith(_PIECES) or token.endswith("@@")),
            "number": _is_number,
            "blank": str.isspace,
        }

    def _is_in(self, changed: str, token: str) -> bool:
        """Return whether the change turns the token into a word of the vocabulary, in any case."""
        return changed != token and changed.lower() in self._folded

    def _normalised(self, token: str, form: Literal["NFC", "NFD", "NFKC"]) -> bool:
        """Return whether this Unicode form of the token is a word of the vocabulary. A character may become several."""
        changed = unicodedata.normalize(form, token)
        parts = len(token) == 1 and changed != token and all(part.lower() in self._folded for part in changed)
        return parts or self._is_in(changed, token)

    @property
    def _ids(self) -> Mapping[str, int]:
        return self._words.ids

    @cached_property
    def _folded(self) -> frozenset[str]:
        return frozenset(token.lower() for token in self._ids)


_CLAUSES = {
    "unknown": "stand for words that the other program did not know: they match nothing here",
    "case": "are words of the vocabulary in another case",
    "invisible": "are words of the vocabulary with invisible characters in them, such as U+200B: remove these",
    "quotes": "are words of the vocabulary with typographic quotation marks: write straight ones",
    "NFC": "are words of the vocabulary in another Unicode form: normalise the samples to NFC",
    "NFD": "are words of the vocabulary in another Unicode form: normalise the samples to NFD",
    "NFKC": "are words of the vocabulary in other character forms, such as full width: normalise the samples to NFKC",
    "marks": "are words of the vocabulary with punctuation attached: split it off where the corpus does",
    "pieces": "are pieces of words: decode the model's output to whole words first",
    "number": "are numbers: if they are token ids, give --format ids",
    "blank": "are blanks, which the corpus does not hold",
}


def _combines(token: str) -> bool:
    """Return whether the token is a mark, such as an accent, that belongs to the character before it."""
    return len(token) == 1 and unicodedata.combining(token) > 0


def _visible(token: str) -> str:
    """Return the token without format characters (Unicode category Cf), such as zero-width blanks and soft hyphens."""
    return "".join(character for character in token if unicodedata.category(character) != "Cf")


def _bare(token: str) -> str:
    """Return the token without punctuation at its ends."""
    begin, end = 0, len(token)
    while begin < end and _is_mark(token[begin]):
        begin += 1
    while end > begin and _is_mark(token[end - 1]):
        end -= 1
    return token[begin:end]


def _is_mark(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")


def _is_number(token: str) -> bool:
    return token.strip("[](),;").isdecimal()
