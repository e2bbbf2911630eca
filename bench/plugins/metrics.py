"""Build a metric of the user's own from a class.

The class is called with the dataset's data if it needs an argument, else without arguments.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, cast

from bench.contracts.checksum import sha256
from bench.contracts.data import SequenceData
from bench.contracts.errors import BenchError, ContractError
from bench.contracts.guards.metric import checked_metrics
from bench.contracts.metric import (
    Better,
    Bound,
    Generated,
    Metric,
    Scores,
    UnknownWords,
    bound_of,
    signature_of,
    unknown_words,
)
from bench.plugins import checksum, loading
from bench.plugins.blame import blaming
from bench.plugins.reference import Reference, parse_plugin


class OwnMetric:
    """A metric that the user adds to those of a dataset. Its signature holds the checksum of its code.

    `name` is the metric's name with eight digits of its signature's checksum, so that no two metrics share a column.
    """

    def __init__(self, metric: Metric, plugin: MetricPlugin) -> None:
        self._metric, self.plugin = metric, plugin
        self._signature = signature_of(metric) + (f"|code:{plugin.code[:16]}" if plugin.code else "")
        self.name = f"{metric.name} {sha256(self._signature)[:8]}"
        self.better: Better = metric.better
        self.unknown_words: UnknownWords = unknown_words(metric)
        self.bound: Bound | None = bound_of(metric)
        self.only_final = True  # judged beside finished generators, never on a learning curve

    def signature(self) -> str:
        """Return the metric's signature, with the checksum of its code."""
        return self._signature

    def score(self, generated: Generated, data: SequenceData) -> Scores:
        """Return what the metric returns; BenchError with the line of its code if it raises an error."""
        with blaming("score with", self.plugin.reference.absolute):
            return self._metric.score(generated, data)


@dataclass(frozen=True, kw_only=True)
class MetricPlugin:
    """A metric as the user names it, and the checksum of its files, which is "" for a metric of this package."""

    reference: Reference
    code: str

    @property
    def told(self) -> str:
        """Return the reference without the folder of its file, for journals, which other machines read."""
        file = self.reference.file
        return f"{file.name}:{self.reference.name}" if file else self.reference.absolute

    def on(self, data: SequenceData) -> OwnMetric:
        """Return the metric of a dataset; BenchError if it cannot be built, or breaks its contract."""
        cls, absolute = loading.load("bench.metrics", self.reference.absolute), self.reference.absolute
        with blaming("build the metric", absolute):
            found = cls(data) if _needs_data(cls) else cls()
        try:
            checked_metrics([found])
        except ContractError as error:
            raise BenchError(f"{absolute}: {error}") from None
        return OwnMetric(found, self)


def parse(text: str) -> MetricPlugin:
    """Return the metric of a reference such as distinct.py:Distinct; BenchError if it cannot be loaded."""
    reference = parse_plugin(text)
    loading.load("bench.metrics", reference.absolute)
    return MetricPlugin(reference=reference, code=checksum.checksum(reference.absolute))


def as_metrics(metrics: list[OwnMetric]) -> list[Metric]:
    """Return the same list with the type of the protocol, which needs a fixed `better`."""
    return cast(list[Metric], metrics)


def _needs_data(cls: type[Any]) -> bool:
    """Return whether the class cannot be called without an argument."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    found = inspect.signature(cls).parameters.values()
    return any(parameter.kind in kinds and parameter.default is parameter.empty for parameter in found)
