"""`bench run` beside trainers that break their contract, their process or their folder: a fault stays in its cell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bench.contracts.errors import named
from bench.files import plain_bytes
from bench.records.journal import Record
from bench.records.runs import RunsFolder

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="processes of Linux")]

SHELF = Path(__file__).parent.parent.parent / "shelf"
SOURCE = (SHELF / "adversary.py").read_text(encoding="utf-8")
FAULTS = [
    *("".join(part.title() for part in name.split("_")) for name in re.findall(r"@fault\ndef (\w+)", SOURCE)),
    *re.findall(r'^drawing\("(\w+)"', SOURCE, re.M),
    *re.findall(r"^    (\w+),$", SOURCE[SOURCE.index("OTHERS") :], re.M),
]
GROUPS = {
    "errors": [name for name in FAULTS if name.startswith(("Raises", "Recurses"))],
    "returns": [name for name in FAULTS if name.startswith(("Returns", "Draws", "Rates", "Exits", "Phases", "State"))],
    "folders": [
        name for name in FAULTS if re.search(r"Its(Folder|Journal|Cell|Checkpoint|Samples|Lock)|Itself$", name)
    ],
}
GROUPS["processes"] = [name for name in FAULTS if not any(name in group for group in GROUPS.values())]
HARMLESS = {"ReturnsGradients", "DrawsWithGradients", "MasksFiles", "RatesInfinity"}
"""What is no fault to bench: it takes gradients off, and a value that is undefined is no error."""
Run = Callable[[Sequence[str]], dict[str, Record]]


@pytest.fixture
def run(tmp_path: Path, folder: Path) -> Run:
    """Return a function that runs Tiny beside faults; it returns the records by label."""
    for name in ("trainers.py", "words.py", "adversary.py"):
        shutil.copy(SHELF / name, tmp_path)

    def run(faults: Sequence[str]) -> dict[str, Record]:
        arms = [f"{tmp_path / 'trainers.py'}:Tiny", *(f"{tmp_path / 'adversary.py'}:{name}" for name in faults)]
        asked = [part for name in arms for part in ("-b", name)]
        limits = ("--jobs", "2", "--time-limit", "30", "--preset", "smoke", "--set", "evaluation.samples=30")
        command = [sys.executable, "-m", "bench", "run", *asked, "-d", f"{tmp_path / 'words.py'}:Words", *limits]
        log = folder / "output.txt"
        with log.open("wb") as out:  # no pipe: what a plug-in leaves in a session of its own may hold it
            ended = subprocess.run(command, cwd=folder, stdout=out, stderr=out, env=os.environ | {"COLUMNS": "150"})
        assert ended.returncode == (1 if faults else 0), log.read_text()
        assert list((folder / "results").glob("smoke/table-words-*.csv"))
        return {record.cell.label: record for record in RunsFolder(folder / "runs").records()}

    return run


@pytest.mark.parametrize("group", GROUPS)
def test_each_fault_stays_in_its_cell(run: Run, make_folder: Callable[[str], Path], group: str, folder: Path) -> None:
    found = run(GROUPS[group])
    tiny = found["Tiny"]
    samples = plain_bytes(tiny.folder / "samples.txt")
    shutil.rmtree(folder / "runs")
    alone = run(())["Tiny"]
    assert tiny.status == "done" and tiny.scores == alone.scores
    assert samples == plain_bytes(alone.folder / "samples.txt")
    if group in ("errors", "returns"):
        states = {label: record.status for label, record in found.items() if label in GROUPS[group]}
        bad = {label for label, state in states.items() if state not in ("failed", "diverged")}
        assert bad <= HARMLESS and set(states) == set(GROUPS[group])


class Nameless(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise SystemExit


def test_an_error_whose_type_has_no_name_is_named() -> None:
    assert named(Nameless("Odd", (Exception,), {})("it is odd")) == "Odd: it is odd"
