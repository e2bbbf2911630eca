"""A plan: the cells of a request. It finds the user's errors before a cell starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.contracts.guards.dataset import origin_of
from bench.planning import refusals
from bench.planning.cell import REAL, Cell
from bench.planning.preset import Preset
from bench.planning.request import Arm, Request, baseline_arms, dataset_arms, preset_of
from bench.plugins import checksum as code
from bench.plugins.look import Look, here
from bench.plugins.open_dataset import open_dataset
from bench.plugins.reference import parse_plugin

if TYPE_CHECKING:
    from bench.toolkit.corpora.fetch import Corpora

MOST_SEEDS = 100_000
"""Seeds of one plan."""


class Known(Protocol):
    """What a plan must know of a dataset: its fingerprint, and the checksum of its vocabulary and source."""

    @property
    def fingerprint(self) -> str:
        """The fingerprint of its data."""
        ...

    @property
    def origin(self) -> str:
        """The checksum of its vocabulary and source."""
        ...


K = TypeVar("K", bound=Known)


class Facts(NamedTuple):
    """What a plan knows of a dataset that it opens itself."""

    fingerprint: str
    origin: str


@dataclass(frozen=True)
class Plan:
    """The cells of one command, in the order in which they run; `datasets` are those that the plan opened itself."""

    name: str
    preset: str
    cells: tuple[Cell, ...]
    datasets: dict[str, Opened] = field(default_factory=dict, compare=False)


def make(request: Request, corpora: Corpora) -> Plan:
    """Return a cell for each combination, with a *real* row for each dataset; names, knobs and data are resolved."""
    datasets, arms = _arms(request, corpora, here)
    opened = {arm.label: open_arm(arm, corpora) for arm in datasets}
    known = {label: Facts(one.data.fingerprint, origin_of(one.data)) for label, one in opened.items()}
    return replace(_plan(request, datasets, arms, known), datasets=opened)


def make_apart(
    request: Request, corpora: Corpora, look: Look, see: Callable[[Arm, Corpora], K]
) -> tuple[Plan, dict[str, K]]:
    """Do as `make` does, but import plug-ins by `look` only; return what `see` tells of each dataset too."""
    datasets, arms = _arms(request, corpora, look)
    seen = {arm.label: look([("bench.datasets", arm.reference.absolute)], see, arm, corpora) for arm in datasets}
    return _plan(request, datasets, arms, seen), seen


def open_arm(arm: Arm, corpora: Corpora) -> Opened:
    """Return the dataset of an arm with its data."""
    return open_dataset(arm.reference.absolute, dict(arm.settings), arm.label, corpora)


def _arms(request: Request, corpora: Corpora, look: Look) -> tuple[list[Arm], dict[str, list[Arm]]]:
    """Return the datasets, and by their labels the baselines on them; BenchError if the request cannot be run."""
    datasets = dataset_arms(request, corpora, look)
    arms = baseline_arms(request, [arm.label for arm in datasets], look)
    refusals.check(request, preset_of(request), arms[""], datasets, corpora)
    return datasets, arms


def _plan(
    request: Request,
    datasets: Sequence[Arm],
    arms: Mapping[str, Sequence[Arm]],
    known: Mapping[str, Known],
) -> Plan:
    """Return the plan, without opened datasets."""
    preset = preset_of(request)
    stop = preset.run.seeds if request.seeds is None else request.seeds
    if stop - request.first_seed > MOST_SEEDS:
        raise BenchError(f"{stop - request.first_seed:,} seeds: give at most {MOST_SEEDS:,}")
    seeds = range(request.first_seed, stop)
    cells = [
        cell
        for dataset in datasets
        for cell in _cells(dataset, known[dataset.label], arms[dataset.label], seeds, preset, request.device)
    ]
    refusals.refuse_one_arm_twice(cells)
    number, parts = request.shard
    if not (part := cells[number - 1 :: parts]):
        raise BenchError(f"shard {number}/{parts} is empty: the plan has {len(cells)} cells; give fewer parts")
    return Plan(request.plan, preset.name, tuple(part))


def _cells(
    dataset: Arm, known: Known, arms: Sequence[Arm], seeds: range, preset: Preset, device: str
) -> Iterator[Cell]:
    """Yield the *real* row of a dataset, then seed by seed a cell of each baseline."""
    real, files = Arm(REAL, parse_plugin(REAL), ()), dataset.files
    sums = {arm: code.checksum(arm.reference.absolute, dataset.reference.absolute) for arm in (real, *arms)}
    own = {arm: arm.files for arm in sums}
    for arm, seed in [(real, 0), *((arm, seed) for seed in seeds for arm in arms)]:
        cell = _cell(arm, dataset, known, sums[arm], seed, preset, device)
        yield replace(cell, files=own[arm], dataset_files=files)


def _cell(arm: Arm, dataset: Arm, known: Known, code: str, seed: int, preset: Preset, device: str) -> Cell:
    return Cell(
        label=arm.label,
        reference=arm.reference.absolute,
        baseline=arm.reference.name,
        settings=arm.settings,
        dataset_label=dataset.label,
        dataset=dataset.reference.absolute,
        dataset_settings=dataset.settings,
        fingerprint=known.fingerprint,
        origin=known.origin,
        seed=seed,
        evaluation=preset.evaluation,
        threads=preset.run.threads,
        device="cpu" if arm.label == REAL else device,
        code=code,
    )
