"""Write a plan's tables into a folder, and a page that names the missing runs and the wide intervals of KLs.

`python reports/results/keep.py PLAN FOLDER`, in the folder that holds runs/ and mlflow.db; what follows FOLDER goes to
`bench report`. The page is FOLDER/state.md. A plan may be unfinished.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from scipy.stats import t

from bench.judging.statistics import mean_interval
from bench.records.runs import RunsFolder

LEFT_OUT = ("*.svg", "*-column.*", "*-full.tex", "*-notes.tex", "*-tests.tex", "summary.json")
"""Files of a report that are not kept: other forms of the same numbers."""
KLS = ("forward_kl", "reverse_kl", "exact_forward_kl", "exact_reverse_kl")
ASKED = 0.03
"""The half-width asked of each KL, nats a token."""
MOST = 1_000
"""Seeds; a row that needs more is not counted further."""


class Row(NamedTuple):
    """One row of a plan: its seeds that are finished and missing, and KL -> its values over the finished seeds."""

    dataset: str
    label: str
    finished: tuple[int, ...]
    missing: tuple[int, ...]
    kls: dict[str, list[float]]


def rows(runs: RunsFolder, plan: str) -> list[Row]:
    """Return the rows of a plan, in the plan's order."""
    entries = runs.plans[plan]
    records = {record.cell.id: record for record in runs.of_plan(plan)}
    arms: dict[tuple[str, str], list[str]] = {}
    for key, entry in entries.items():
        cell = records[key].cell if key in records else None
        dataset, label = (cell.dataset_label, cell.label) if cell else (entry.dataset or "?", "?")
        arms.setdefault((dataset, entry.label or label), []).append(key)
    found = []
    for (dataset, label), keys in arms.items():
        done = [records[key] for key in keys if key in records and records[key].done]
        finished = {record.cell.seed for record in done}
        asked = {records[key].cell.seed if key in records else entries[key].seed for key in keys}
        missing = sorted(seed for seed in asked if seed is not None and seed not in finished)
        scores = {name: [record.scores.get(name) for record in done] for name in KLS}
        kls = {
            name: [score.value for score in one if score and score.value is not None] for name, one in scores.items()
        }
        found.append(Row(dataset, label, tuple(sorted(finished)), tuple(missing), kls))
    return found


def half_width(values: Sequence[float]) -> float | None:
    """Return the half-width of the 95 % interval of the mean (Student's t over seeds); None of fewer than two."""
    if len(values) < 2:
        return None
    _, low, high = mean_interval(values)
    return 0.0 if low is None or high is None else (high - low) / 2  # no bounds: the values are equal


def enough(values: Sequence[float], asked: float = ASKED) -> int | None:
    """Return the fewest seeds at which values of this spread would have the half-width asked; None above MOST."""
    import numpy as np

    spread = float(np.std(values, ddof=1))
    widths = ((n, float(t.ppf(0.975, n - 1)) * spread / n**0.5) for n in range(2, MOST + 1))
    return next((n for n, width in widths if width <= asked), None)


def seeds(numbers: Iterable[int]) -> str:
    """Return the seeds as a list in words."""
    return ", ".join(map(str, numbers)) or "none"


def lines(plan: str, found: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of the page."""
    done, all_ = (
        sum(map(len, parts)) for parts in ([r.finished for r in found], [r.finished + r.missing for r in found])
    )
    yield f"# State of the plan `{plan}`\n"
    yield f"{done} of {all_} runs are finished. No value of a missing run is guessed.\n"
    yield "| dataset | row | finished seeds | missing seeds |\n|---|---|---|---|"
    yield from (f"| {r.dataset} | {r.label} | {seeds(r.finished)} | {seeds(r.missing)} |" for r in found)
    wide = [line for row in found for line in _wide(row)]
    if any(any(row.kls.values()) for row in found):
        yield f"\n## KLs with a half-width above {ASKED} nats a token\n"
        yield "The 95 % interval is Student's t over seeds. A row with one seed has no interval.\n"
        yield "| dataset | row | KL | seeds | half-width | seeds that would do, at this spread |"
        yield "|---|---|---|---:|---:|---:|"
        yield from wide or ["| - | none | - | - | - | - |"]


def _wide(row: Row) -> Iterator[str]:
    """Yield a line for each KL of a row whose half-width is unknown or too large."""
    for name, values in row.kls.items():
        width = half_width(values) if values and row.label != "real" else 0.0
        if width is None:
            yield f"| {row.dataset} | {row.label} | {name} | {len(values)} | - | - |"
        elif width > ASKED:
            more = enough(values) or f"more than {MOST}"
            yield f"| {row.dataset} | {row.label} | {name} | {len(values)} | {width:.3f} | {more} |"


def main(plan: str, folder: Path, options: Sequence[str]) -> None:
    """Write the report's files that are kept, and the page."""
    page = "\n".join(lines(plan, rows(RunsFolder(Path("runs")), plan))) + "\n"
    with tempfile.TemporaryDirectory() as made:
        subprocess.run(["bench", "report", "--plan", plan, "--out", made, *options], check=True)
        folder.mkdir(parents=True, exist_ok=True)
        report = next(Path(made).rglob("report.json")).parent
        for file in sorted(report.iterdir()):
            if not any(fnmatch(file.name, pattern) for pattern in LEFT_OUT):
                shutil.copy(file, folder / file.name)
    (folder / "state.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
