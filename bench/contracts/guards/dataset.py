"""Checks of a dataset's data: bench/contracts/data.py says what load() must return."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import numpy as np

from bench.contracts.checksum import sha256
from bench.contracts.data import SequenceData, Source
from bench.contracts.errors import BenchError, ContractError
from bench.contracts.vocabulary import Vocabulary


def checked_data(found: Any, place: str) -> SequenceData:
    """Return what load() returned; BenchError, which begins with the place, if it breaks the contract."""
    if wrong := fault(found):
        raise BenchError(f"{place}: {wrong}; try `bench check`")
    data: SequenceData = found
    return data


def fault(found: Any) -> str | None:
    """Return the first thing that is wrong with what load() returned; None if nothing is."""
    return next(_faults(found), None)


def rest_checksum(data: SequenceData) -> str:
    """Return the sha256 of all that the fingerprint leaves out: special ids, joiner, look-up of ids, source, notes."""
    return sha256(repr((origin_of(data), data.notes)))


def origin_of(data: SequenceData) -> str:
    """Return the sha256 of the whole vocabulary and the source."""
    words = data.vocabulary
    special = (words.start, words.end, words.unknown, words.joiner)
    return sha256(repr((special, words.tokens, list(words.ids.items()), sorted(vars(data.source).items()))))


def check_origin(data: SequenceData, origin: str, label: str) -> None:
    """ContractError if the vocabulary or the source is not that of the plan; an older plan, "", knows none."""
    if origin and origin_of(data) != origin:
        raise ContractError(
            f"the vocabulary or the source of {label} is not the one that was planned: load() must give the same in "
            "every process, and no plug-in may change it"
        )


def check_unchanged(data: SequenceData, fingerprint: str, rest: str, writers: str) -> None:
    """ContractError if the data has another fingerprint, or another checksum of the rest, than before.

    `writers` names the plug-ins that could have written into it.
    """
    if data.fingerprint_now() != fingerprint or rest_checksum(data) != rest:
        raise ContractError(f"{writers} wrote into the data it was given: copy what you change")


def _faults(data: Any) -> Iterator[str]:
    """Yield problems in order; later checks rely on earlier ones."""
    if not isinstance(data, SequenceData):
        yield f"load() returned {data!r:.80}, not SequenceData"
    yield from _faults_of_vocabulary(data.vocabulary)
    for name in ("train", "valid", "test"):
        yield from _faults_of_split(name, getattr(data, name), data)
    yield from _faults_of_source(data.source)
    for name in ("notes", "warnings"):
        texts = getattr(data, name)
        if not _is_text(texts):
            yield f"the {name} are {texts!r:.80}, not a tuple of text"


def _faults_of_vocabulary(words: Any) -> Iterator[str]:
    if not isinstance(words, Vocabulary):
        yield f"the vocabulary is {words!r:.80}, not a Vocabulary"
    if not _is_text(words.tokens):
        yield f"the tokens of the vocabulary are {words.tokens!r:.80}, not a tuple of text"
    if len(words.ids) < len(words):
        twice = next(token for token, count in Counter(words.tokens).items() if count > 1)
        yield f"the token {twice!r} is in the vocabulary twice"
    if words.joiner.isspace() and (odd := [token for token in words.tokens if token.split() != [token]]):
        yield f"the token {odd[0]!r} is empty or holds a space: a line of such tokens cannot be read back"
    if odd := [token for token in words.tokens if any("\ud800" <= char <= "\udfff" for char in token)]:
        yield f"the token {odd[0]!r} holds half a character, a surrogate: no file in UTF-8 can hold it"
    if len(words) < 2:
        yield f"a vocabulary of {len(words)} leaves nothing to learn; it needs 2"
    special = {"start": words.start, "end": words.end, "unknown": words.unknown}
    for name, index in special.items():
        if index not in range(len(words)) and (name == "start" or index is not None):
            yield f"{name} = {index!r} of the vocabulary is outside it: an id from 0 to {len(words) - 1} is needed"


def _faults_of_split(name: str, split: Any, data: SequenceData) -> Iterator[str]:
    if not isinstance(split, np.ndarray):
        yield f"{name} must be a 2-d int64 array, not a {type(split).__name__}"
    if split.dtype != np.int64 or split.ndim != 2:
        yield f"{name} must be a 2-d int64 array, not {split.dtype} of shape {split.shape}"
    if not split.size:
        yield f"no sequences in {name}; every split needs some"
    if split.shape[1] != data.length:
        yield f"{name} has rows of {split.shape[1]}, train of {data.length}"
    if split.min() < 0 or split.max() >= len(data.vocabulary):
        yield f"{name} has ids outside the vocabulary 0..{len(data.vocabulary) - 1}"


def _faults_of_source(source: Any) -> Iterator[str]:
    if not isinstance(source, Source):
        yield f"the source is {source!r:.80}, not a Source"
    for field, value in vars(source).items():
        if not isinstance(value, str):
            yield f"{field} of the source is {value!r:.80}, not text"
    kinds = get_args(get_type_hints(Source)["kind"])
    if source.kind not in kinds:
        yield f"the kind of the source is {source.kind!r}; choose one of {', '.join(kinds)}"


def _is_text(found: Any) -> bool:
    """Return whether it is a tuple or a list of text."""
    return isinstance(found, tuple | list) and all(isinstance(text, str) for text in found)
