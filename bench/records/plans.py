"""The plans of a runs folder: which cells each plan asked for, and when. Tables and later commands use them.

A plan is a file plans/NAME.json: cell id -> {tags..., "label": ..., "asked": ...}.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.contracts.errors import BenchError
from bench.files import read_object, write_whole
from bench.records import fence, typed

REMEDY = "bring a copy back, or remove it: `bench run` with the same --plan enters its cells again"

DIGITS = 30  # a time in ns has 19


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One cell of a plan.

    `tags` (preset, git commit, versions of packages) describe the command that asked for the cell. `label` is the
    cell's label in the plan; None means the cell's own label. `asked` is the time of asking in ns since the epoch;
    `write` sets it. If a row has several cells, tables show the one asked for last. `dataset` and `seed` name the cell
    if its folder is lost; older plans have none.
    """

    tags: Mapping[str, str] = field(default_factory=dict)
    label: str | None = None
    asked: int = 0
    dataset: str | None = None
    seed: int | None = None

    @property
    def trained(self) -> bool:
        """Return whether `bench run` asked for the cell, and not `bench score`."""
        return "preset" in self.tags


Entries = Mapping[str, Entry]
"""Cell id -> its entry in a plan."""


def write(plan: str, cells: Entries, runs: Path) -> dict[str, Entry]:
    """Add the cells to a plan as the newest of all plans, and return them with their times of asking."""
    with _changing(runs):
        kept = read_all(runs)
        earlier = [entry.asked for entries in kept.values() for entry in entries.values()]
        now = max([time.time_ns(), *(asked + 1 for asked in earlier)])  # a clock may go back or be ahead
        wanted = {key: replace(entry, asked=now + index) for index, (key, entry) in enumerate(cells.items())}
        _put(plan, kept.get(plan, {}) | wanted, runs)
    return wanted


def join(plan: str, cells: Entries, runs: Path) -> None:
    """Add entries with known times of asking to a plan. If a cell has two entries, the later one is kept."""
    with _changing(runs):
        kept = read_all(runs).get(plan, {})
        newer = {key: entry for key, entry in cells.items() if key not in kept or entry.asked > kept[key].asked}
        _put(plan, kept | newer, runs)


def rename(plan: str, new: str, runs: Path) -> None:
    """Give a plan another name, which no plan has."""
    with _changing(runs):
        _path(plan, runs).rename(_path(new, runs))


def remove(plan: str, cells: Collection[str], runs: Path) -> None:
    """Take cells out of a plan; a plan without cells goes."""
    with _changing(runs):
        left = {key: entry for key, entry in read_all(runs).get(plan, {}).items() if key not in cells}
        if left:
            _put(plan, left, runs)
        else:
            _path(plan, runs).unlink(missing_ok=True)


def _changing(runs: Path) -> AbstractContextManager[None]:
    """Hold the lock of the plans: two commands may change them at the same time, and both changes must be kept."""
    return fence.held(runs / "plans" / fence.NAME, fence.FOREVER)


def _put(plan: str, cells: Entries, runs: Path) -> None:
    content = {key: _to_object(entry) for key, entry in sorted(cells.items(), key=lambda item: item[1].asked)}
    write_whole(_path(plan, runs), json.dumps(content, indent=1).encode())


def _path(plan: str, runs: Path) -> Path:
    return runs / "plans" / f"{plan}.json"


def read_all(runs: Path) -> dict[str, dict[str, Entry]]:
    """Return plan -> cell id -> entry, in the order of asking; BenchError if a plan is damaged."""
    return {path.stem: _read(path) for path in sorted(runs.glob("plans/*.json"))}


def _read(path: Path) -> dict[str, Entry]:
    return {key: _from_object(content, key, path) for key, content in read_object(path, REMEDY).items()}


def _to_object(entry: Entry) -> dict[str, str]:
    named = {"label": entry.label, "dataset": entry.dataset, "seed": None if entry.seed is None else str(entry.seed)}
    known = {name: value for name, value in named.items() if value is not None}
    return {**entry.tags, **known, "asked": str(entry.asked)}


def _from_object(content: Any, key: str, path: Path) -> Entry:
    if not isinstance(content, dict) or not str(content.get("asked", "")).isdecimal():
        raise BenchError(f"{path} is damaged (cell {key} has no time of asking): {REMEDY}")
    if wrong := next((name for name, value in content.items() if not typed.is_text(value)), None):
        raise BenchError(f"{path} is damaged ({wrong} of cell {key} is no text): {REMEDY}")
    if len(content["asked"]) > DIGITS or not content.get("seed", "0").isdecimal():
        raise BenchError(f"{path} is damaged (a number of cell {key} is none): {REMEDY}")
    tags = {name: value for name, value in content.items() if name not in ("label", "asked", "dataset", "seed")}
    seed = int(content["seed"]) if "seed" in content else None
    return Entry(
        tags=tags, label=content.get("label"), asked=int(content["asked"]), dataset=content.get("dataset"), seed=seed
    )
