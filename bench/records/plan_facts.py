"""What a runs folder knows of its plans: when each was asked for, its rows, and how far their cells came."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from bench.contracts.errors import unknown
from bench.records.plans import Entry
from bench.records.runs import RunsFolder

UNKNOWN = "?"


@dataclass(frozen=True, kw_only=True)
class PlanRow:
    """A row of a plan: a label on a dataset, its cells by seed, and how many cells are in each state.

    A state is that of the record, or "missing" if the cell has no folder or its cell.json is damaged. `seeds` lacks the
    seeds that nobody knows.
    """

    dataset: str
    label: str
    cells: tuple[str, ...]
    seeds: tuple[int, ...]
    states: Counter[str]


@dataclass(frozen=True, kw_only=True)
class PlanFacts:
    """A plan: when a cell of it was asked for last (ns since the epoch), its presets, and its rows."""

    name: str
    asked: int
    presets: tuple[str, ...]
    rows: tuple[PlanRow, ...]

    @property
    def date(self) -> str:
        """Return the local day and time of asking; "?" if the plan holds no cell."""
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(self.asked / 1e9)) if self.asked else UNKNOWN

    @property
    def datasets(self) -> tuple[str, ...]:
        """Return the datasets in the plan's order."""
        return tuple(dict.fromkeys(row.dataset for row in self.rows))

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels of the rows in the plan's order."""
        return tuple(dict.fromkeys(row.label for row in self.rows))

    @property
    def states(self) -> Counter[str]:
        """Return how many cells are in each state."""
        return sum((row.states for row in self.rows), Counter[str]())


def all_facts(runs: RunsFolder) -> list[PlanFacts]:
    """Return the plans of a folder, the one asked for last first."""
    return sorted((facts(runs, plan) for plan in runs.plans), key=lambda plan: plan.asked, reverse=True)


def facts(runs: RunsFolder, plan: str) -> PlanFacts:
    """Return what is known of a plan; BenchError if there is none of that name."""
    if plan not in runs.plans:
        raise unknown(f"plan in {runs}", plan, runs.plans)
    cells = runs.plans[plan]
    groups: dict[tuple[str, str], list[tuple[str, int | None, str]]] = {}
    for key, entry in cells.items():
        dataset, label, seed, state = _look(runs, key, entry)
        groups.setdefault((dataset, label), []).append((key, seed, state))
    return PlanFacts(
        name=plan,
        asked=max((entry.asked for entry in cells.values()), default=0),
        presets=tuple(sorted({entry.tags["preset"] for entry in cells.values() if entry.trained})),
        rows=tuple(_row(*names, found) for names, found in groups.items()),
    )


def _look(runs: RunsFolder, key: str, entry: Entry) -> tuple[str, str, int | None, str]:
    """Return the dataset, label, seed and state of a cell of a plan."""
    found = runs.those([key])
    if not found:
        return entry.dataset or UNKNOWN, entry.label or UNKNOWN, entry.seed, "missing"
    cell = found[0].cell
    return cell.dataset_label, entry.label or cell.label, cell.seed, found[0].status


def _row(dataset: str, label: str, found: list[tuple[str, int | None, str]]) -> PlanRow:
    return PlanRow(
        dataset=dataset,
        label=label,
        cells=tuple(key for key, _, _ in found),
        seeds=tuple(sorted(seed for _, seed, _ in found if seed is not None)),
        states=Counter(state for _, _, state in found),
    )
