"""A plug-in that changes globals when it is imported changes no number of another cell of the same `bench run`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.records.journal import read_record

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="processes of POSIX")]

SHELF = Path(__file__).parent.parent.parent / "shelf"
EFFECTS = ["matmul precision", "kernels"]
SMALL = ("mle.hidden=8", "mle.embedding=8", "mle.mle_epochs=2", "evaluation.samples=30")


def bits_of_mle(folder: Path, store: Path, effect: str) -> dict[str, Any]:
    """Run mle after a trainer with the effect, or alone if it is ""; return what mle's cell keeps, without times."""
    folder.mkdir()
    for name in ("words.py", "trainers.py", "meddles.py"):
        shutil.copy(SHELF / name, folder)
    shutil.copy(store, folder / "mlflow.db")
    meddler = ["-b", "meddles.py:Meddles"] if effect else []
    sets = [word for one in SMALL for word in ("--set", one)]
    arguments = [*meddler, "-b", "mle", "-d", "words.py:Words", "--preset", "smoke", "--seeds", "1", "--jobs", "1"]
    found = subprocess.run(
        [sys.executable, "-m", "bench", "run", *arguments, *sets],
        cwd=folder, env=os.environ | {"MEDDLE": effect}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    records = {one.cell.label: one for one in (read_record(p.parent) for p in folder.glob("runs/*/cell.json"))}
    assert not effect or any("eddles" in label for label in records), found.stderr + found.stdout
    assert records, found.stdout + found.stderr
    (mle,) = (one for label, one in records.items() if label.startswith("mle"))
    assert mle.status == "done", found.stdout + found.stderr
    weights = next(mle.folder.glob("generator.*")).read_bytes()
    events = map(json.loads, (mle.folder / "journal.jsonl").read_text().splitlines())
    losses = [{k: v for k, v in event.items() if k in ("epoch", "values", "scores")} for event in events]
    return {"cell": mle.cell.id, "samples": (mle.folder / "samples.txt").read_text(), "w": weights, "e": losses}


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory, migrated_store: Path) -> dict[str, Any]:
    """Return the bits of mle alone."""
    return bits_of_mle(tmp_path_factory.mktemp("calm") / "work", migrated_store, "")


@pytest.mark.parametrize("effect", EFFECTS)
def test_mle_keeps_its_bits(effect: str, calm: dict[str, Any], tmp_path: Path, migrated_store: Path) -> None:
    assert bits_of_mle(tmp_path / "work", migrated_store, effect) == calm
