"""Open a dataset: build it from its knobs, read its arrays, and check them before they are used."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from bench.contracts.dataset import Opened
from bench.contracts.guards.dataset import checked_data
from bench.contracts.knobs import build
from bench.plugins import loading as plugins
from bench.plugins.blame import blaming

if TYPE_CHECKING:
    from bench.toolkit.corpora.fetch import Corpora


def open_dataset(reference: str, settings: Mapping[str, Any], label: str, corpora: Corpora) -> Opened:
    """Return the dataset of a reference with these knobs; BenchError if its load() breaks the contract."""
    cls = plugins.load("bench.datasets", reference)
    chosen = build(cls.Settings, settings, label)
    with blaming("load the data of", reference) if ":" in reference else nullcontext():
        dataset = cls(chosen, corpora)
        found = dataset.load()
    return Opened(dataset, checked_data(found, label))
