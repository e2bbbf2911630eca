"""Read the published values, and the names and order of rows, from reports/paper.toml."""

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
from bench.plugins.reference import base


@dataclass(frozen=True)
class MetricName:
    """The written form of a metric: its name and its number of decimals."""

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
    """One table of the paper: its values (metric -> label -> the digits as printed) and the metrics tested.

    `requires` holds the dataset's knobs of the published task; with others, the task is another. `signatures` holds the
    parts that the signature of a metric must have, by family: "self-bleu" for self-bleu-2. In the columns of
    `under_dispersed` a value below the real row's is marked. `published_notes` are about the published values only.
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
        """Return the file name of the table's learning curves, without a suffix."""
        return self.figure.replace(" ", "").lower() if self.figure else f"{self.file}-curves"

    @property
    def labels(self) -> set[str]:
        """Return the rows that have a published value."""
        return {label for values in (*self.published.values(), self.human) for label in values}

    def signature_of(self, metric: str) -> tuple[str, ...]:
        """Return the parts that a metric's signature must have for its published values to stand beside it."""
        return self.signatures.get(metric.rpartition("-")[0], ())

    def without_values(self) -> Published:
        """Return the same table without published values."""
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
        """Return the dataset's table; for others a table without published values.

        A variant of a dataset has the notes and the tested metrics of its base.
        """
        if dataset in self.tables:
            return self.tables[dataset]
        like = self.tables.get(base(dataset), Published("", "", ""))
        bare = like.without_values()
        return replace(bare, file=f"table-{slug(dataset)}", number="", title=dataset, figure="")

    def metric(self, name: str) -> MetricName:
        """Return the metric's written name; if it is not listed, its own name with four decimals."""
        return self.metrics.get(name, MetricName(name, 4))

    def row(self, label: str) -> str:
        """Return a row's written name, where lines break: `seqgan@lean[k=1,l2=0]` is `SeqGAN@lean [k=1, l2=0]`.

        A name that the user gives stays as it is.
        """
        arm = base(label)
        preset, bracket, rest = label[len(arm) :].partition("[")
        knobs = re.sub(r",(?=\S)", ", ", rest)
        name = self.names.get(arm, arm) + preset
        return f"{name} {bracket}{knobs}" if bracket else name

    def rank(self, label: str) -> tuple[int, str]:
        """Return a sort key for rows: the paper's order, a variant after its base, then the others by name."""
        arm = base(label)
        known = self.order.index(arm) if arm in self.order else len(self.order)
        return known, label


@cache
def paper() -> Paper:
    """Return reports/paper.toml as shipped."""
    text = files("bench.reports").joinpath("paper.toml").read_text(encoding="utf-8")
    return Converter(forbid_extra_keys=True).structure(tomllib.loads(text), Paper)


def printed_name(label: str) -> str:
    """Return the name of a label's row in every table."""
    return paper().row(label)


def printed_twin(label: str) -> str | None:
    """Return the paper's row that is printed like this label, `seqgan` for `SeqGAN`; None if there is none."""
    own = base(label)
    return next((other for other in paper().names if other != own and printed_name(other) == printed_name(own)), None)


def slug(name: str) -> str:
    """Return a name of small letters, digits and "-" for a dataset's files. No two datasets share one."""
    return marked(re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-").lower(), name).lstrip("-")


def value_of(values: Mapping[str, str], label: str, labels: set[str]) -> str | None:
    """Return the published value of a row: its own, or its base's if no row has the base's name."""
    return values.get(label) or (values.get(base(label)) if stands_for_base(label, labels) else None)


def stands_for_base(label: str, labels: set[str]) -> bool:
    """Return whether a row stands for one of the paper: by its label, or as a variant if its base has no row."""
    return label == base(label) or base(label) not in labels
