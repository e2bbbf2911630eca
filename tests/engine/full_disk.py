"""Cells on a disk that is full at every moment of their work: a scenario that test_full_disk.py plays.

Arguments: the folder of the small disk, the folder of the plug-ins. It prints a line of JSON for each trial.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from bench.engine import job
from bench.engine.job import Context
from bench.planning import plan as planning
from bench.planning import preset
from bench.planning.cell import Cell
from bench.planning.request import Request
from bench.records.events import Refused
from bench.records.journal import read_record, write_cell
from bench.toolkit.corpora.fetch import Corpora

disk, shelf = map(Path, sys.argv[1:3])
filler = disk / "filler"


def planned(corpora: Corpora) -> Cell:
    sets = (("evaluation", "samples", 30), ("evaluation", "curve_samples", 20))
    request = Request((f"{shelf / 'full.py'}:Fills",), (f"{shelf / 'words.py'}:Words",), preset.read("smoke"), sets)
    cell = planning.make(request, corpora).cells[-1]
    write_cell(cell, disk / "runs")
    return cell


def bits(folder: Path) -> dict[str, Any]:
    """Return what a finished cell left, but for times."""
    record = read_record(folder)
    files = {path.name: path.read_bytes().hex() for path in sorted(folder.glob("*")) if path.suffix in KEPT}
    scores = {name: score.value for name, score in record.scores.items()}
    return {**files, "scores": scores, "curve": [dict(point.scores) for point in record.curve]}


KEPT = (".txt", ".safetensors", ".parquet")


def trial(cell: Cell, context: Context, moment: str, pages: int) -> dict[str, Any]:
    """Run the cell on a disk that fills up; then make room, and run it again."""
    folder = context.runs / cell.id
    os.environ |= {"FULL_AT": moment, "FULL_PAGES": str(pages), "FULL_FOLDER": str(disk)}
    state = job.run(cell, context)
    record = read_record(folder)
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    found = {"moment": moment, "pages": pages, "state": state, "status": record.status, "left": left}
    found["error"] = record.failure.error if record.failure else ""
    found["told"] = [event.message for event in record.all(Refused)]
    filler.unlink(missing_ok=True)
    os.environ["FULL_AT"] = ""
    found["again"] = job.run(cell, context)
    found["same"] = bits(folder) == calm
    shutil.rmtree(folder)
    write_cell(cell, context.runs)
    return found


corpora = Corpora(disk.parent / "cache", "sample")
cell = planned(corpora)
context = Context(disk / "runs", corpora, disk / ".stop", checkpoint_seconds=0.0)
assert job.run(cell, context) == "done"
calm = bits(disk / "runs" / cell.id)
shutil.rmtree(disk / "runs" / cell.id)
write_cell(cell, disk / "runs")
for moment, most in (("training", 30), ("samples", 14)):
    for pages in range(0, most, 1 if moment == "samples" else 3):
        print(json.dumps(trial(cell, context, moment, pages)), flush=True)
