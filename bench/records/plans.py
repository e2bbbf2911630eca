"""The plans that a runs folder keeps: which cells each asked for, and when; tables and later commands go by them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock

from bench.contracts.errors import BenchError
from bench.files import read_object, write_whole

Facts = dict[str, str]
REMEDY = "bring a copy back, or remove it: `bench run` with the same --plan enters its cells again"


def write(plan: str, cells: Mapping[str, Facts], runs: Path) -> dict[str, Facts]:
    """Keep the cells that a command asks for, id -> facts, as the newest of all; returns them as they are kept.

    The fact "asked", in ns since the epoch, is added to each: by it tables tell which of several cells is wanted.
    """
    earlier = [asked(facts) for kept in read_all(runs).values() for facts in kept.values()]
    now = max([time.time_ns(), *(stamp + 1 for stamp in earlier)])  # a clock may go back, or others' be ahead
    wanted = {key: {**facts, "asked": str(now + index)} for index, (key, facts) in enumerate(cells.items())}
    join(plan, wanted, runs)
    return wanted


def join(plan: str, cells: Mapping[str, Facts], runs: Path) -> None:
    """Add cells to a plan under runs/plans, in the order of asking; of two askings for a cell the later is kept."""
    folder = runs / "plans"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):  # two commands may write at the same time, and both must be kept
        kept = read_all(runs).get(plan, {})
        newer = {key: facts for key, facts in cells.items() if key not in kept or asked(facts) > asked(kept[key])}
        joined = sorted((kept | newer).items(), key=lambda item: asked(item[1]))
        write_whole(folder / f"{plan}.json", json.dumps(dict(joined), indent=1).encode())


def asked(facts: Facts) -> int:
    """When a kept cell was last asked for, in ns since the epoch."""
    return int(facts["asked"])


def read_all(runs: Path) -> dict[str, dict[str, Facts]]:
    """Plan -> cell id -> facts, of all the plans kept in a runs folder; BenchError where one is damaged."""
    return {path.stem: _read(path) for path in sorted(runs.glob("plans/*.json"))}


def _read(path: Path) -> dict[str, Facts]:
    cells = read_object(path, REMEDY)
    for key, facts in cells.items():
        if not isinstance(facts, dict) or not str(facts.get("asked", "")).isdecimal():
            raise BenchError(f"{path} is damaged (cell {key} has no time of asking): {REMEDY}")
    return cells
