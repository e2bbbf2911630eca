"""A plan: the cells of a request. It finds the user's errors before a cell starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bench.contracts.dataset import Opened
from bench.contracts.errors import BenchError
from bench.planning import refusals
from bench.planning.cell import REAL, Cell
from bench.planning.preset import Preset
from bench.planning.request import Arm, Request, baseline_arms, dataset_arm, preset_of
from bench.planning.variants import expand
from bench.plugins import checksum as code
from bench.plugins.open_dataset import open_dataset
from bench.plugins.reference import parse_plugin

if TYPE_CHECKING:
    from bench.toolkit.corpora.fetch import Corpora

MOST_SEEDS = 100_000
"""Seeds of one plan."""


@dataclass(frozen=True)
class Plan:
    """The cells of one command, in the order in which they run."""

    name: str
    preset: str
    cells: tuple[Cell, ...]
    datasets: dict[str, Opened] = field(default_factory=dict, compare=False)


def make(request: Request, corpora: Corpora) -> Plan:
    """Return a cell for each combination, with a *real* row for each dataset; names, knobs and data are resolved."""
    preset = preset_of(request)
    datasets = list(
        dict.fromkeys(dataset_arm(reference, preset, request, corpora) for reference in expand(request.datasets))
    )
    refusals.check(request, preset, baseline_arms(request), datasets, corpora)
    arms = {dataset.label: baseline_arms(request, dataset.label) for dataset in datasets}
    opened = {
        arm.label: open_dataset(arm.reference.absolute, dict(arm.settings), arm.label, corpora) for arm in datasets
    }
    stop = preset.run.seeds if request.seeds is None else request.seeds
    if stop - request.first_seed > MOST_SEEDS:
        raise BenchError(f"{stop - request.first_seed:,} seeds: give at most {MOST_SEEDS:,}")
    seeds = range(request.first_seed, stop)
    cells = [
        cell
        for dataset in datasets
        for cell in _cells(dataset, opened[dataset.label], arms[dataset.label], seeds, preset, request.device)
    ]
    refusals.refuse_one_arm_twice(cells)
    number, parts = request.shard
    if not (part := cells[number - 1 :: parts]):
        raise BenchError(f"shard {number}/{parts} is empty: the plan has {len(cells)} cells; give fewer parts")
    return Plan(request.plan, preset.name, tuple(part), opened)


def _cells(
    dataset: Arm, opened: Opened, arms: Sequence[Arm], seeds: range, preset: Preset, device: str
) -> Iterator[Cell]:
    """Yield the *real* row of a dataset, then seed by seed a cell of each baseline."""
    real, files = Arm(REAL, parse_plugin(REAL), ()), dataset.files("bench.datasets")
    sums = {arm.label: code.checksum(arm.reference.absolute, dataset.reference.absolute) for arm in (real, *arms)}
    own = {arm.label: arm.files("bench.baselines") for arm in arms} | {REAL: ()}
    for arm, seed in [(real, 0), *((arm, seed) for seed in seeds for arm in arms)]:
        cell = _cell(arm, dataset, opened.data.fingerprint, sums[arm.label], seed, preset, device)
        yield replace(cell, files=own[arm.label], dataset_files=files)


def _cell(arm: Arm, dataset: Arm, fingerprint: str, code: str, seed: int, preset: Preset, device: str) -> Cell:
    return Cell(
        label=arm.label,
        reference=arm.reference.absolute,
        baseline=arm.reference.name,
        settings=arm.settings,
        dataset_label=dataset.label,
        dataset=dataset.reference.absolute,
        dataset_settings=dataset.settings,
        fingerprint=fingerprint,
        seed=seed,
        evaluation=preset.evaluation,
        threads=preset.run.threads,
        device="cpu" if arm.label == REAL else device,
        code=code,
    )
