"""Refuse names that tables could not tell apart, before any work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.contracts.errors import BenchError
from bench.planning.cell import ELSEWHERE, REAL
from bench.plugins import loading as plugins
from bench.plugins.reference import base
from bench.records.journal import Record
from bench.reporting.paper import printed_name, printed_twin


def refuse_twins(labels: Iterable[str]) -> None:
    """Raise BenchError if a row would be printed like a row of the paper's tables that it is not."""
    for label in labels:
        if listed := printed_twin(label):
            name = printed_name(listed)
            raise BenchError(f"the tables print {listed} as {name!r}, and {label} too: rename {label}")


def refuse_taken(option: str, name: str, records: Sequence[Record]) -> None:
    """Raise BenchError if a file's row would be printed like other runs, a variant of them, or a row of the paper."""
    taken = {REAL, *plugins.names("bench.baselines")}
    taken |= {r.cell.label for r in records if r.cell.reference != ELSEWHERE or r.cell.label != name}
    read = {_as_read(name), _as_read(base(name))}
    twin = next((label for label in sorted(taken) if _as_read(label) in read), None)
    if twin is not None:
        also = "" if twin == name else f", since tables print {twin} as {_as_read(twin)}"
        raise BenchError(f"{option} {name}: that is the name of other runs{also}; give your model a name of its own")
    if listed := printed_twin(name.strip()):
        raise BenchError(
            f"{option} {name}: tables print the published row {listed} as {printed_name(listed)}, and this name too; "
            f"take {listed} to stand in that row, or give your model a name of its own"
        )


def _as_read(label: str) -> str:
    """Return a label as readers see it in a table: spaces do not tell rows apart."""
    return " ".join(printed_name(label.strip()).split())
