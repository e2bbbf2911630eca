"""The dataset contract: data, the metrics that suit it, and what is real."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, runtime_checkable

from bench.contracts.data import SequenceData, TokenArray

if TYPE_CHECKING:
    from bench.contracts.generator import Generator
    from bench.contracts.metric import Metric


class Dataset(Protocol):
    """One file in datasets/: built from its settings and the corpora at hand.

    Other files that it reads are named in its module's DATA_FILES: they then count as its code. See
    bench/plugins/data_files.py.
    """

    Settings: ClassVar[type]

    def __init__(self, settings: Any, corpora: Any) -> None: ...

    def load(self) -> SequenceData:
        """Read, split and encode; BenchError if the corpus is missing, damaged or too small."""
        ...

    def metrics(self, data: SequenceData) -> Sequence[Metric]:
        """Return the metrics that suit this data; the first is the headline."""
        ...

    def real(self, data: SequenceData) -> Generator:
        """Return what the *real* row samples from: held-out data, or the oracle itself."""
        ...


@runtime_checkable
class Tokenising(Protocol):
    """A dataset with a tokeniser of its own; for any other, text made elsewhere is split at the vocabulary's joiner."""

    def tokens(self, line: str) -> Sequence[str]:
        """Return the tokens of one line. The dataset's own `load()` splits its lines by this method too."""
        ...


@runtime_checkable
class Playable(Protocol):
    """A dataset of music: its sequences come from MIDI files and go back into them."""

    def from_midi(self, content: bytes, where: str) -> list[tuple[int, ...]]:
        """Return the T ids of every window of a tune, by the rule that made the corpus; BenchError names `where`."""
        ...

    def to_midi(self, sequence: TokenArray) -> bytes:
        """Return a MIDI file of one (T,) sequence."""
        ...


@runtime_checkable
class Pitched(Protocol):
    """A dataset of music whose ids are MIDI pitch - `below`; 0 is a rest."""

    below: int


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
