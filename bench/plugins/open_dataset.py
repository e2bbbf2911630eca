"""Open a dataset: built from its knobs, its arrays read, and looked at before anything is made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import numpy as np

from bench.contracts.data import SequenceData, Source
from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.knobs import build
from bench.contracts.vocabulary import Vocabulary
from bench.plugins import loading as plugins

if TYPE_CHECKING:
    from bench.toolkit.corpora.fetch import Corpora


def open_dataset(reference: str, settings: Mapping[str, Any], label: str, corpora: Corpora) -> Opened:
    """The dataset a reference names, at its settings; BenchError where its load() breaks the contract."""
    cls = plugins.load("bench.datasets", reference)
    chosen = build(cls.Settings, settings, label)
    with plugins.blaming("load the data of", reference) if ":" in reference else nullcontext():
        dataset = cls(chosen, corpora)
        data = dataset.load()
    if wrong := fault(data):
        raise BenchError(f"{label}: {wrong}; try `bench check`")
    return Opened(dataset, data)


def fault(data: Any) -> str | None:
    """The first way in which what load() returned breaks the contract, bench/contracts/data.py; None if it keeps it."""
    return next(_faults(data), None)


def _faults(data: Any) -> Iterator[str]:
    """Of the data, part by part: what is said of one may rely on those before it."""
    if not isinstance(data, SequenceData):
        yield f"load() returned {data!r:.80}, not SequenceData"
    yield from _faults_of_words(data.vocabulary)
    for name in ("train", "valid", "test"):
        yield from _faults_of_split(name, getattr(data, name), data)
    if not isinstance(data.source, Source):
        yield f"the source is {data.source!r:.80}, not a Source"
    for field, value in vars(data.source).items():
        if not isinstance(value, str):
            yield f"{field} of the source is {value!r:.80}, not text"
    kinds = get_args(get_type_hints(Source)["kind"])
    if data.source.kind not in kinds:
        yield f"the kind of the source is {data.source.kind!r}, none of {', '.join(kinds)}"
    for name in ("notes", "warnings"):
        texts = getattr(data, name)
        if not isinstance(texts, tuple | list) or not all(isinstance(text, str) for text in texts):
            yield f"the {name} are {texts!r:.80}, not a tuple of text"


def _faults_of_words(words: Any) -> Iterator[str]:
    if not isinstance(words, Vocabulary):
        yield f"the vocabulary is {words!r:.80}, not a Vocabulary"
    if not isinstance(words.tokens, tuple | list) or not all(isinstance(token, str) for token in words.tokens):
        yield f"the tokens of the vocabulary are {words.tokens!r:.80}, not a tuple of text"
    if len(words.ids) < len(words):
        twice = next(token for token, count in Counter(words.tokens).items() if count > 1)
        yield f"the token {twice!r} is in the vocabulary twice"
    if words.joiner.isspace() and (odd := [token for token in words.tokens if token.split() != [token]]):
        yield f"the token {odd[0]!r} is empty or holds a space: what is written of it could not be read again"
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
