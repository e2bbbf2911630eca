"""The state of each cell of a runs folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from typing import Any

from bench.engine.job import Context, run
from bench.engine.overview import overview
from bench.records import plans as kept_plans
from bench.records.events import Start
from bench.records.journal import Journal
from bench.records.runs import RunsFolder


def test_cells_are_sorted_with_their_names_and_notes(make_cell: Any, context: Context) -> None:
    assert overview(RunsFolder(context.runs)) == []
    cells = [make_cell("Tiny", seed=1), make_cell("Tiny"), make_cell("Raises")]
    assert [run(cell, context) for cell in cells[1:]] == ["done", "failed"]
    kept_plans.write("sweep", {cells[1].id: kept_plans.Entry(label="Tiny[x]")}, context.runs)
    lines = overview(RunsFolder(context.runs))
    assert [(line.cell, line.seed) for line in lines] == [(cells[2].id, 0), (cells[1].id, 0), (cells[0].id, 1)]
    failed, done, waiting = lines
    assert (failed.status, done.status, waiting.status) == ("failed", "done", "pending")
    assert failed.note == "Raises: RuntimeError: the critic has left"
    assert done.names == ("Tiny", "Tiny[x]") and done.note.startswith("ones 0.")
    assert waiting.names == ("Tiny",) and waiting.note == "-"


def test_missing_and_damaged_cells_are_named_beside_the_whole(make_cell: Any, context: Context) -> None:
    cells = [make_cell("Tiny", seed=seed) for seed in range(4)]
    assert {run(cell, context) for cell in cells} == {"done"}
    entries = {
        cell.id: kept_plans.Entry(tags={"preset": "smoke"}, label="Tiny", dataset="Words", seed=cell.seed)
        for cell in cells
    }
    outside = {"f" * 16: kept_plans.Entry(label="mine", dataset="Words", seed=0)}
    kept_plans.write("mine", entries | outside, context.runs)
    kept_plans.write("other", {"f" * 16: kept_plans.Entry()}, context.runs)
    shutil.rmtree(context.runs / cells[1].id)
    (context.runs / cells[2].id / "cell.json").write_text('{"seed": "x"}')
    (context.runs / cells[3].id / "samples.txt").unlink()
    lines = {(line.cell, line.status): line for line in overview(RunsFolder(context.runs))}
    assert dict(lines.keys()) == {
        cells[0].id: "done",
        cells[1].id: "missing",
        cells[2].id: "damaged",
        cells[3].id: "damaged",
        "f" * 16: "missing",
    }
    gone, hurt = lines[cells[1].id, "missing"], lines[cells[2].id, "damaged"]
    assert gone[1:4] == ("Words", ("Tiny",), 1) and hurt[1:4] == ("Words", ("Tiny",), 2)
    assert gone.note == "of plan mine, its folder is gone: repeat the `bench run`"
    assert "cell.json is damaged" in hurt.note
    assert lines[cells[3].id, "damaged"].note == "samples.txt is missing"
    assert lines["f" * 16, "missing"].note == "of plans mine, other, its folder is gone: repeat the `bench score`"


HOLDS = """
import sys, time
from pathlib import Path
from bench.records import fence
with fence.held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_cell_whose_process_is_gone_is_dead(make_cell: Any, context: Context) -> None:
    def look() -> tuple[str, str]:
        (line,) = overview(RunsFolder(context.runs))
        return line.status, line.note

    folder = context.runs / make_cell().id
    Journal(folder).append(Start(source={}, notes=()))
    assert look() == ("dead", "its process is gone: the same `bench run` continues from the last checkpoint")
    with subprocess.Popen([sys.executable, "-c", HOLDS, folder / ".lock"], stdout=subprocess.PIPE) as worker:
        assert worker.stdout and worker.stdout.readline() and look()[0] == "running"
        os.kill(worker.pid, signal.SIGKILL)
    assert look()[0] == "dead" and look()[1].startswith(f"process {worker.pid} on {socket.gethostname()} since 20")
    (folder / ".lock").write_text(json.dumps({"pid": 7, "host": "elsewhere", "since": 0.0}))
    assert look()[0] == "running" and "unless it is gone: process 7 on elsewhere since" in look()[1]
