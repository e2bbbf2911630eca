"""The published values, names and order of rows: reports/paper.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from cattrs import Converter

from bench.files import marked


@dataclass(frozen=True)
class MetricName:
    """How a metric is written."""

    name: str
    decimals: int


@dataclass(frozen=True)
class SampleNames:
    """The folder of the samples that the published values are about, and file -> label where the two names differ."""

    folder: str = ""
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PlanePoint:
    """A published point of quality and diversity: the method's name, and metric -> the digits as printed."""

    name: str
    values: dict[str, str]


@dataclass(frozen=True)
class Published:
    """One table: what was published (metric -> label -> the digits as printed), and which metrics are tested.

    `requires` are dataset settings without which the published values are about another task. `signatures` are the
    parts that the signature of a metric must have, by family: "self-bleu" for self-bleu-2. In the columns of
    `under_dispersed` a value below the real row's is marked. `published_notes` are about the published values alone.
    `samples` says where the published samples are, `points` are drawn into planes of quality and diversity, and
    `points_note` is their footnote.
    """

    file: str
    number: str
    title: str
    tested: tuple[str, ...] = ()
    source: str = ""
    requires: dict[str, Any] = field(default_factory=dict)
    signatures: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    published_notes: tuple[str, ...] = ()
    published: dict[str, dict[str, str]] = field(default_factory=dict)
    p: dict[str, dict[str, str]] = field(default_factory=dict)
    human: dict[str, str] = field(default_factory=dict)
    human_p: str = ""
    under_dispersed: tuple[str, ...] = ()
    figure: str = ""
    samples: SampleNames = field(default_factory=SampleNames)
    points: tuple[PlanePoint, ...] = ()
    points_note: str = ""

    @property
    def figure_file(self) -> str:
        """The file name of its learning curves, without a suffix."""
        return self.figure.replace(" ", "").lower() if self.figure else f"{self.file}-curves"

    @property
    def labels(self) -> set[str]:
        """The rows that have a published value."""
        return {label for values in (*self.published.values(), self.human) for label in values}

    def signature_of(self, metric: str) -> tuple[str, ...]:
        """Return what the signature of a metric must hold for its published values to stand beside it."""
        return self.signatures.get(metric.rpartition("-")[0], ())

    def without_values(self) -> Published:
        """Return the same table with nothing published in it."""
        return replace(self, source="", published={}, p={}, human={}, human_p="", published_notes=(), points=())


@dataclass(frozen=True)
class Paper:
    """The whole of paper.toml."""

    reference: str
    order: tuple[str, ...]
    names: dict[str, str]
    metrics: dict[str, MetricName]
    tables: dict[str, Published]

    def table(self, dataset: str) -> Published:
        """Return the dataset's table; a generic one, with nothing published, for any that the papers lack."""
        generic = Published(f"table-{slug(dataset)}", "", dataset)
        return self.tables.get(dataset, generic)

    def metric(self, name: str) -> MetricName:
        """Return the metric's written name; its own, with four decimals, where it is not listed."""
        return self.metrics.get(name, MetricName(name, 4))

    def row(self, label: str) -> str:
        """Return the row's written name, in which lines can break: `seqgan[k=1,l2=0]` becomes `SeqGAN [k=1, l2=0]`."""
        arm, bracket, rest = label.partition("[")
        name = self.names.get(arm, arm)
        knobs = re.sub(r",(?=\S)", ", ", rest)
        return f"{name} {bracket}{knobs}" if bracket else name

    def rank(self, label: str) -> tuple[int, str]:
        """Sorts rows: the paper's order, a variant after its base, then the others alphabetically."""
        arm = base(label)
        known = self.order.index(arm) if arm in self.order else len(self.order)
        return known, label


@cache
def paper() -> Paper:
    """reports/paper.toml as shipped."""
    text = files("bench.reports").joinpath("paper.toml").read_text(encoding="utf-8")
    return Converter(forbid_extra_keys=True).structure(tomllib.loads(text), Paper)


def printed_name(label: str) -> str:
    """Return what every table calls the row of that label."""
    return paper().row(label)


def printed_twin(label: str) -> str | None:
    """The row of the paper's tables that is printed as this one would be, `seqgan` for `SeqGAN`; None if none is."""
    own = base(label)
    return next((other for other in paper().names if other != own and printed_name(other) == printed_name(own)), None)


def slug(name: str) -> str:
    """Return a name of small letters, digits and - for a dataset's files; no two datasets share one."""
    return marked(re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-").lower(), name).lstrip("-")


def value_of(values: Mapping[str, str], label: str, labels: set[str]) -> str | None:
    """Return the published value that stands beside a row: its own, or its base's where no row has that name."""
    return values.get(label) or (values.get(base(label)) if stands_for_base(label, labels) else None)


def stands_for_base(label: str, labels: set[str]) -> bool:
    """Return whether a row stands for what the paper has: as it is, or as a variant where its base has no row."""
    return label == base(label) or base(label) not in labels


def base(label: str) -> str:
    """`seqgan[rollouts=8]` -> `seqgan`."""
    return label.partition("[")[0]
