"""Open a dataset: built from its knobs, its arrays read, and looked at before anything is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from bench import plugins
from bench.data import SequenceData
from bench.dataset import Opened
from bench.errors import BenchError
from bench.settings import build

if TYPE_CHECKING:
    from bench.corpora.fetch import Corpora


def open_dataset(reference: str, settings: Mapping[str, Any], label: str, corpora: Corpora) -> Opened:
    """The dataset a reference names, at its settings; BenchError where its load() breaks the contract."""
    cls = plugins.load("bench.datasets", reference)
    dataset = cls(build(cls.Settings, settings, label), corpora)
    with plugins.blaming("load the data of", reference) if ":" in reference else nullcontext():
        data = dataset.load()
    _check(data, label)
    return Opened(dataset, data)


def _check(data: SequenceData, label: str) -> None:
    if not isinstance(data, SequenceData):
        raise BenchError(f"{label}: load() returned {data!r:.80}, not SequenceData; try `bench check`")
    empty = [name for name in ("train", "valid", "test") if not len(getattr(data, name))]
    if empty:
        raise BenchError(f"{label}: no sequences in {', '.join(empty)}; every split needs some")
    if len(data.vocabulary) < 2:
        raise BenchError(f"{label}: a vocabulary of {len(data.vocabulary)} leaves nothing to learn; it needs 2")
