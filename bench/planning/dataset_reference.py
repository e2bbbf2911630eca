"""The reference of option -d: check it against the installed datasets, and rebuild it for a stored cell."""

from __future__ import annotations

from pathlib import Path

from bench.contracts.errors import BenchError
from bench.planning.cell import Cell
from bench.plugins import loading as plugins
from bench.plugins.reference import PREFIX, TEXT, Reference, parse_dataset


def parse(text: str) -> Reference:
    """Return a dataset's reference; BenchError if NAME of NAME=text:FILE is no name, or names an installed dataset."""
    found = parse_dataset(text)
    if found.named and found.label in plugins.names("bench.datasets"):
        raise BenchError(f"-d {text}: {found.label} is a dataset of its own; choose another name")
    return found


def as_kept(text: str, cell: Cell) -> str:
    """Return the reference that gives a cell's corpus the label that it has in the cell's tables."""
    file = str(dict(cell.dataset_settings).get("file") or "")
    if cell.dataset != TEXT or not file or cell.dataset_label == TEXT:
        return text
    plain = f"{PREFIX}{file}"
    return plain if parse(plain).label == cell.dataset_label else f"{cell.dataset_label}={plain}"


def is_same_file(one: str, other: str) -> bool:
    """Return whether two FILE#column are the same."""
    return Path(one).expanduser().resolve() == Path(other).expanduser().resolve()
