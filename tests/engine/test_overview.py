"""The state of each cell of a runs folder."""

from __future__ import annotations

import json
import os
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
    assert [(line.record.cell.label, line.record.cell.seed) for line in lines] == [
        ("Raises", 0),
        ("Tiny", 0),
        ("Tiny", 1),
    ]
    failed, done, waiting = lines
    assert (failed.state, done.state, waiting.state) == ("failed", "done", "pending")
    assert failed.note == "Raises: RuntimeError: the critic has left"
    assert done.names == ("Tiny", "Tiny[x]") and done.note.startswith("ones 0.")
    assert waiting.names == ("Tiny",) and waiting.note == "-"


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
        return line.state, line.note

    folder = context.runs / make_cell().id
    Journal(folder).append(Start(source={}, notes=()))
    assert look() == ("dead", "its process is gone: the same `bench run` continues from the last checkpoint")
    with subprocess.Popen([sys.executable, "-c", HOLDS, folder / ".lock"], stdout=subprocess.PIPE) as worker:
        assert worker.stdout and worker.stdout.readline() and look()[0] == "running"
        os.kill(worker.pid, signal.SIGKILL)
    assert look()[0] == "dead" and look()[1].startswith(f"process {worker.pid} on {socket.gethostname()} since 20")
    (folder / ".lock").write_text(json.dumps({"pid": 7, "host": "elsewhere", "since": 0.0}))
    assert look()[0] == "running" and "unless it is gone: process 7 on elsewhere since" in look()[1]
