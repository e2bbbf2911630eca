"""Plug-ins with side effects on their process change no number of `mle` in the same `bench run`.

The effects are those of tests/shelf/effects.py. Each happens when the plug-in is imported, trained or sampled.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from bench.records.journal import Record, read_record

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="effects of POSIX")]

SHELF = Path(__file__).parent.parent / "shelf"
EFFECTS = [
    node.name
    for node in ast.parse((SHELF / "effects.py").read_text()).body
    if isinstance(node, ast.FunctionDef) and any(ast.unparse(one) == "effect" for one in node.decorator_list)
]
REFUSED = ["lost_modules", "lost_descriptors", "tracing"]
"""Effects of an import after which no process can tell the plug-in's knobs."""
SMALL = {
    "mle_epochs": 2,
    "adversarial_steps": 1,
    "embedding": 4,
    "hidden": 4,
    "discriminator_epochs": 1,
    "filters": 0.02,
}
CODE = """
from .effects import Trains


class {name}(Trains):
    effect = "{effect}"
    place = "{place}"
"""
Run = tuple[subprocess.CompletedProcess[str], dict[str, Record]]


def named(effect: str, place: str) -> str:
    """Return the name of the class that causes an effect."""
    return "".join(part.title() for part in (place, *effect.split("_")))


@pytest.fixture
def run(tmp_path: Path, migrated_store: Path) -> Callable[..., Run]:
    return lambda *effects, **more: in_company(tmp_path / "work", migrated_store, effects, **more)


def in_company(folder: Path, store: Path, effects: Iterable[tuple[str, str]], jobs: int = 2) -> Run:
    """Run `mle` after trainers with these effects, each at a place; return the command's end, and label -> record."""
    folder.mkdir()
    shutil.copy(SHELF / "effects.py", folder)
    shutil.copy(store, folder / "mlflow.db")
    lines = (f"{a} {b} {c}\n" for a in "abcdef" for b in "ghijkl" for c in "mnopqr")
    (folder / "corpus.txt").write_text("".join(lines))
    arms = []
    for effect, place in effects:
        name = named(effect, place)
        (folder / f"{name}.py").write_text(CODE.format(name=name, effect=effect, place=place))
        arms += ["-b", f"{name}.py:{name}"]
    sets = [word for key, value in SMALL.items() for word in ("--set", f"defaults.{key}={value}")]
    sets += ["--set", "evaluation.samples=30", "--set", "text.valid=40", "--set", "text.test=40"]
    arguments = [*arms, "-b", "seqgan", "-b", "mle", "-d", "text:corpus.txt", "--preset", "smoke", "--seeds", "1"]
    ended = subprocess.run(
        [sys.executable, "-m", "bench", "run", *arguments, "--jobs", str(jobs), *sets],
        cwd=folder, env=os.environ | {"BENCH_DATA": str(folder / "data")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    records = (read_record(path.parent) for path in folder.glob("runs/*/cell.json"))
    return ended, {record.cell.label.partition("[")[0]: record for record in records}


def bits(record: Record) -> dict[str, Any]:
    """Return all that a cell keeps, without its times and places."""
    assert record.status == "done", record.events[-1]
    events = map(json.loads, (record.folder / "journal.jsonl").read_text().splitlines())
    other = {"time", "seconds", "wall_seconds", "memory", "found", "key"}  # the start's key holds the folder
    told = [
        {key: value for key, value in event.items() if key not in other}
        for event in sorted(events, key=itemgetter("event"))  # a start that was found gives its points after its epochs
        if event["event"] != "sealed"
    ]
    names = ("samples.txt", "scores.parquet", "generator.safetensors")
    files = {name: (record.folder / name).read_bytes() for name in names if (record.folder / name).exists()}
    return {"cell": record.cell.id, "events": told, **files}


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory, migrated_store: Path) -> dict[str, Any]:
    """Return the bits of `mle` without such company."""
    ended, records = in_company(tmp_path_factory.mktemp("calm") / "work", migrated_store, ())
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return {label: bits(records[label]) for label in ("mle", "seqgan", "real")}


@pytest.mark.parametrize("place", ["import", "train", "sample"])
def test_mle_keeps_its_bits(place: str, calm: dict[str, Any], run: Callable[..., Run]) -> None:
    effects = [effect for effect in EFFECTS if place != "import" or effect not in REFUSED]
    assert len(effects) > 60
    ended, records = run(*((effect, place) for effect in effects))
    assert {named(effect, place) for effect in effects} <= records.keys(), ended.stdout + ended.stderr
    assert {label: bits(records[label]) for label in calm} == calm, ended.stdout + ended.stderr


@pytest.mark.parametrize("effect", REFUSED)
def test_an_import_that_breaks_its_process_is_refused_in_one_line(effect: str, run: Callable[..., Run]) -> None:
    ended, records = run((effect, "import"))
    assert (ended.returncode, records) == (2, {}), ended.stdout + ended.stderr
    (line,) = (line for line in ended.stderr.splitlines() if line.startswith("bench: "))
    assert named(effect, "import") in line
