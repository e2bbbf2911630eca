"""Find special tokens that other programs write into samples: begin, end, padding, unknown words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Literal, NamedTuple

Kind = Literal["begin", "end", "pad", "unknown", "mask"]

FRAME: tuple[Kind, ...] = ("begin", "end", "pad")
"""The kinds that stand around a sequence and not for a word of it."""
_BRACKETED: dict[Kind, str] = {
    "begin": "<s> <bos> <sos> <go> <start> <cls> <begin> <|startoftext|> <|begin_of_text|> <|bos|> <|im_start|> "
    "[cls] [bos] [sos] [start] [go]",
    "end": "</s> <eos> <end> <sep> <eot> <|endoftext|> <|end_of_text|> <|eos|> <|im_end|> <|eot_id|> <|end|> "
    "[sep] [eos] [end]",
    "pad": "<pad> <blank> <|pad|> [pad]",
    "unknown": "<unk> <unknown> <oov> <|unk|> [unk]",
    "mask": "<mask> [mask]",
}
"""Found in upper and lower case and inside words too, since nothing else looks like them."""
_BARE: dict[Kind, str] = {
    "begin": "BOS SOS _GO _BOS _SOS __BOS__ __SOS__",
    "end": "EOS _EOS __EOS__",
    "pad": "PAD _PAD __PAD__",
    "unknown": "UNK _UNK __UNK__",
}
"""Found as whole words only, in capitals."""
_KINDS: dict[str, Kind] = {
    spelling: kind
    for table in (_BRACKETED, _BARE)
    for kind, spellings in table.items()
    for spelling in spellings.split()
}
_BEGINS_TOO = ("</s>", "<|endoftext|>")
"""End tokens that some models (OPT, GPT-2) also write first."""


def _either(spellings: Iterable[str]) -> str:
    return "|".join(re.escape(spelling) for table in spellings for spelling in table.split())


_PATTERN = re.compile(rf"(?i:{_either(_BRACKETED.values())})|(?<!\S)(?:{_either(_BARE.values())})(?!\S)")


class Dropped(NamedTuple):
    """The tokens of one row without its special tokens, the count of each of these, and of words after an end."""

    tokens: list[str]
    counts: Counter[str]
    after: int


def kind_of(token: str) -> Kind | None:
    """Return what a special token means; None for any other token."""
    return _KINDS.get(token) or _KINDS.get(token.lower() if token[:1] in ("<", "[") else token)


def is_bare(token: str) -> bool:
    """Return whether the token is spelt like a word in capitals, such as PAD. If it is rare, it may be a word."""
    return token.isalpha()


def find(text: str) -> list[str]:
    """Return the special tokens in a text, in its spelling."""
    return _PATTERN.findall(text)


def drop(tokens: Sequence[str], special: Collection[str]) -> Dropped:
    """Return the row without those of its tokens that are `special`.

    An end token ends the row; the tokens after it are left out. Begin and padding tokens are left out everywhere, and
    so is an end token at the beginning of a row, which some models write. Unknown and mask tokens stay, because each
    stands for a word.
    """
    kept, counts, after, ended = list[str](), Counter[str](), 0, False
    for token in tokens:
        kind = kind_of(token) if token in special else None
        if kind in FRAME:
            counts[token] += 1
            ended = ended or (kind == "end" and (bool(kept) or token.lower() not in _BEGINS_TOO))
        elif ended:
            after += 1
        else:
            kept.append(token)
    return Dropped(kept, counts, after)
