"""What -d names: an installed dataset, a plug-in, or a corpus of the user's own: `text:FILE`, `NAME=text:FILE`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from bench.contracts.errors import BenchError
from bench.planning.cell import Cell
from bench.plugins import loading as plugins
from bench.toolkit.corpora.reading.formats import stem
from bench.toolkit.corpora.reading.rows import split_column

TEXT = "text"
PREFIX = f"{TEXT}:"
LONGEST = 80  # letters of a name


class DatasetReference(NamedTuple):
    """A dataset as the user names it; `label` is what tables call it, `file` is "" where the dataset needs none."""

    label: str
    plugin: str
    file: str = ""
    named: bool = False

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose knobs are the dataset's: what stands later overrules."""
        return (TEXT, self.label) if self.file else (self.label,)


def parse(reference: str) -> DatasetReference:
    """The parts of a reference; BenchError where NAME is none, or names another dataset."""
    if reference.startswith(PREFIX):
        file = reference.removeprefix(PREFIX)
        return DatasetReference(f"{PREFIX}{stem(split_column(file)[0])}" if file else TEXT, TEXT, file)
    name, equals, rest = reference.partition("=")
    if equals and rest.startswith(PREFIX):
        _check_name(name, reference)
        return DatasetReference(name, TEXT, rest.removeprefix(PREFIX), named=True)
    if equals and name.isidentifier():
        raise BenchError(f"-d {reference}: only a file takes a name, as in {name}=text:FILE")
    return DatasetReference(plugins.label(reference), reference)


def as_kept(reference: str, cell: Cell) -> str:
    """The reference by which a kept cell's corpus gets the name that the cell's tables have for it."""
    file = str(dict(cell.dataset_settings).get("file") or "")
    if cell.dataset != TEXT or not file or cell.dataset_label == TEXT:
        return reference
    plain = f"{PREFIX}{file}"
    return plain if parse(plain).label == cell.dataset_label else f"{cell.dataset_label}={plain}"


def is_same_file(one: str, other: str) -> bool:
    """Whether two FILE#column are one."""
    return Path(one).expanduser().resolve() == Path(other).expanduser().resolve()


def _check_name(name: str, reference: str) -> None:
    if name in plugins.names("bench.datasets"):
        raise BenchError(f"-d {reference}: {name} is a dataset of its own; choose another name")
    if not re.fullmatch(r"\w[\w. -]*", name) or len(name) > LONGEST:
        raise BenchError(f"-d {reference:.120}: name it with letters, digits, spaces and . _ - only, {LONGEST} at most")
