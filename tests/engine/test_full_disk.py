"""A cell on a real disk that fills up: it goes on without a checkpoint, or fails alone and in one line."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

pytestmark = pytest.mark.slow

SHELF = Path(__file__).parent.parent / "shelf"
SCENARIO = Path(__file__).with_name("full_disk.py")
LACK = re.compile(r"No space left on device; [\d,]+ bytes are needed, [\d,]+ are free")
WHOLE = {"cell.json", "journal.jsonl", "error.log", "samples.txt", "scores.parquet", "generator.safetensors"}


@pytest.fixture
def trials(on_small_disk: Callable[..., CompletedProcess[str]], tmp_path: Path) -> list[dict[str, Any]]:
    """Return what happened with a disk that was full at each moment, but for some pages."""
    for name in ("full.py", "words.py", "trainers.py"):
        shutil.copy(SHELF / name, tmp_path)
    ended = on_small_disk(2**20, SCENARIO, tmp_path / "disk", tmp_path)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_a_full_disk_fails_a_cell_alone_or_costs_a_checkpoint(trials: list[dict[str, Any]]) -> None:
    failed = [trial for trial in trials if trial["state"] == "failed"]
    lacking = {Path(trial["error"].rpartition("'/")[2].rstrip("'")).name for trial in failed}
    assert lacking >= {"samples.txt", "scores.parquet", "generator.safetensors", "journal.jsonl"}
    assert all(LACK.search(trial["error"]) and trial["status"] == "failed" for trial in failed)
    unsaved = [trial for trial in trials if trial["moment"] == "training"]
    assert {trial["state"] for trial in unsaved} == {"failed", "done"}
    for trial in unsaved:
        (told,) = trial["told"]
        assert LACK.search(told) and "/checkpoint/" in told and told.endswith("; training goes on")


def test_nothing_half_written_is_left_and_after_room_is_made_the_bits_are_the_same(
    trials: list[dict[str, Any]],
) -> None:
    for trial in trials:
        left = {name for name in trial["left"] if not re.fullmatch(r"checkpoint(/\d+(/[a-z.]+)?)?", name)}
        assert left <= WHOLE, trial
        assert (trial["again"], trial["same"]) == ("done", True), trial
