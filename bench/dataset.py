"""The dataset contract: what a trainer may see, and what a metric may ask."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from bench.vocabulary import Vocabulary

if TYPE_CHECKING:
    from bench.generator import Generator
    from bench.metric import Metric

TokenArray = NDArray[np.int64]


@dataclass(frozen=True)
class Source:
    """Where the data came from; printed under every table.

    `kind`: "published" (verified against the manifest's checksum), "local" (the user's own file), "generated" (drawn
    from a seed because that is the task), or "sample" (made by the code where the published file is absent).
    """

    file: str
    sha256: str
    licence: str
    kind: Literal["published", "local", "generated", "sample"]


@dataclass(frozen=True, eq=False)
class SequenceData:
    """Token ids, (n, T) int64; the splits are disjoint after de-duplication.

    `valid` is what the *real* row shows and `best-valid` looks at; `test` is what NLL_test is taken on.
    `notes` are facts a reader must know (rate of <unk>, overlap found), printed beside the source.
    """

    train: TokenArray
    valid: TokenArray
    test: TokenArray
    vocabulary: Vocabulary
    source: Source
    notes: tuple[str, ...] = ()

    @property
    def length(self) -> int:
        """T, the number of positions in a row."""
        return int(self.train.shape[1])

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits over the arrays and the vocabulary: the same data, the same fingerprint."""
        digest = hashlib.sha256("\n".join(self.vocabulary.tokens).encode())
        for split in (self.train, self.valid, self.test):
            digest.update(str(split.shape).encode() + np.ascontiguousarray(split).tobytes())
        return digest.hexdigest()[:16]


class Dataset(Protocol):
    """One file in datasets/: built from its settings and the corpora at hand."""

    Settings: ClassVar[type]

    def __init__(self, settings: Any, corpora: Any) -> None: ...

    def load(self) -> SequenceData:
        """Read, split and encode; BenchError where the corpus is missing, damaged or too small."""
        ...

    def metrics(self, data: SequenceData) -> Sequence[Metric]:
        """The scores that suit this data; the first is the headline."""
        ...

    def real(self, data: SequenceData) -> Generator:
        """What the *real* row samples from: held-out data, or the oracle itself."""
        ...


@runtime_checkable
class Tokenising(Protocol):
    """A dataset with a tokeniser of its own; without it, text made elsewhere is split as the vocabulary joins it."""

    def tokens(self, line: str) -> Sequence[str]:
        """The tokens of one line, as the dataset's own lines are split."""
        ...


@runtime_checkable
class Playable(Protocol):
    """A dataset of music: its sequences come from MIDI files and go back into them."""

    def from_midi(self, content: bytes, where: str) -> list[tuple[int, ...]]:
        """The T ids of every window of a tune, by the rule that made the corpus; BenchError begins with `where`."""
        ...

    def to_midi(self, sequence: TokenArray) -> bytes:
        """A MIDI file of one (T,) sequence."""
        ...


@runtime_checkable
class Illustrated(Protocol):
    """A dataset whose samples can be seen or heard."""

    def artifacts(self, samples: TokenArray, folder: Path) -> None:
        """Write pictures (*.png) and tunes (*.mid) of a run's (n, T) samples into its folder; MLflow shows them."""
        ...


class Opened(NamedTuple):
    """A dataset with its arrays in memory."""

    dataset: Any
    data: SequenceData
