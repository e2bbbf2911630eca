"""Open the dataset for a comparison with samples made elsewhere. A made-up corpus is refused unless asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from bench.contracts.errors import BenchError
from bench.planning import plan as planning
from bench.planning.cell import ELSEWHERE, Evaluation
from bench.planning.preset import Preset, RunSettings
from bench.planning.request import Request, parse_overrides
from bench.records import revive
from bench.toolkit.corpora.fetch import Absent

if TYPE_CHECKING:
    from bench.contracts.dataset import Opened
    from bench.planning.cell import Cell
    from bench.toolkit.corpora.fetch import Corpora


def open_planned(dataset: str, preset: Preset, overrides: Sequence[str], corpora: Corpora) -> tuple[Cell, Opened]:
    """Return the cell of the dataset's *real* row, and the dataset, as a plan of the preset has them.

    BenchError if the corpus is absent and the user did not ask for a made-up one.
    """
    request = Request((), (dataset,), preset, parse_overrides(overrides))
    with _no_samples(dataset, corpora) as allowed:
        made = planning.make(request, allowed)
    real = made.cells[0]
    opened = made.datasets[real.dataset_label]
    _refuse_sample(opened, real.dataset_label, corpora)
    return real, opened


def open_default(dataset: str, overrides: Sequence[str], corpora: Corpora) -> Opened:
    """Return the dataset with its default knobs, changed by `overrides`; BenchError as in `open_planned`."""
    return open_planned(dataset, Preset(ELSEWHERE, RunSettings(), Evaluation()), overrides, corpora)[1]


def open_of_run(cell: Cell, corpora: Corpora) -> Opened:
    """Return the dataset of a stored run; BenchError as in `open_planned`, or if the corpus has changed."""
    with _no_samples(cell.dataset_label, corpora) as allowed:
        opened = revive.reopen(cell, allowed)
    _refuse_sample(opened, cell.dataset_label, corpora)
    return opened


@contextmanager
def _no_samples(dataset: str, corpora: Corpora) -> Iterator[Corpora]:
    """Yield the corpora without made-up ones, unless the user asked for these; add a remedy to an Absent error."""
    try:
        yield corpora if corpora.policy == "sample" else replace(corpora, policy="published")
    except Absent as error:
        raise BenchError(f"{error}. {_remedy(dataset)}") from None


def _refuse_sample(opened: Opened, dataset: str, corpora: Corpora) -> None:
    """Raise BenchError if the dataset's own code made up a corpus that the user did not ask for."""
    if opened.data.source.kind == "sample" and corpora.policy != "sample":
        raise BenchError(f"{dataset}: the published corpus is absent. {_remedy(dataset)}")


def _remedy(dataset: str) -> str:
    return (
        "Samples made elsewhere are not compared with a made-up corpus. Set BENCH_DATA to a folder that holds the "
        f"published files, or run `bench data fetch {dataset}`, or give --corpus {dataset}=FILE; --data sample "
        "compares with the made-up corpus all the same"
    )
