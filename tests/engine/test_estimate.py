"""Predicted times: from stage times and knobs, and from cells that ended."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.contracts.data import SequenceData, Source
from bench.contracts.dataset import Opened
from bench.contracts.vocabulary import Vocabulary
from bench.engine import estimate
from bench.engine.estimate import TimeLeft, expected, training_seconds
from bench.planning.cell import REAL, Cell, Evaluation
from bench.records.journal import Record

STAGES = {"a": 1.0, "b": 2.0, "c": 1.0, "d": 10.0, "e": 3.0, "f": 0.5}
OFFICIAL: dict[str, Any] = {"train": 9_984, "tokens": 9_984 * 20 * 5_000}


def record(label: str, seed: int, *events: dict[str, Any]) -> Record:
    cell = Cell(label, label, label, (), "d", "d", (), "f", seed, Evaluation())
    return Record(cell, Path(), events)


def test_mle_is_its_epochs() -> None:
    assert training_seconds({"mle_epochs": 120}, STAGES, **OFFICIAL) == pytest.approx(240)


def test_half_the_tokens_cost_half() -> None:
    seconds = training_seconds({"mle_epochs": 120}, STAGES, train=4_992, tokens=OFFICIAL["tokens"] // 2)
    assert seconds == pytest.approx(120)


def test_a_round_has_all_its_generator_steps() -> None:
    knobs = {"adversarial_steps": 10, "g_steps": 3}
    assert training_seconds(knobs, STAGES, **OFFICIAL) == pytest.approx(10 * 3 * 0.5)


def test_seqgan_by_hand() -> None:
    knobs = {"mle_epochs": 0, "adversarial_steps": 2, "g_steps": 1, "d_steps": 5, "k": 3, "rollouts": 16}
    knobs |= {"discriminator_epochs": 0, "discriminator_updates": 0, "batch": 64, "filters": 1.0}
    epoch = 2 * 9_984 / 20_000 * 10
    by_hand = 2 * (0.5 + 3.0) + 2 * 5 * (3 * epoch + 9_984 / 10_000 * 1.0)
    assert training_seconds(knobs, STAGES, **OFFICIAL) == pytest.approx(by_hand)


def test_capped_updates_cost_what_they_show() -> None:
    knobs = {"adversarial_steps": 1, "d_steps": 1, "k": 1, "rollouts": 16, "batch": 64, "filters": 1.0}
    knobs |= {"discriminator_epochs": 0, "discriminator_updates": 40}
    by_hand = 3.5 + 40 * 64 / 20_000 * 10 + 1_280 / 10_000
    assert training_seconds(knobs, STAGES, **OFFICIAL) == pytest.approx(by_hand)


def test_measured_is_per_thread_and_per_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "path", lambda: tmp_path / "speed.json")
    assert estimate.measured("cpu") is None
    estimate.save({"device": "cpu", "threads": 2, "stages": {"b": {"seconds": 1.5}}})
    assert estimate.measured("cpu") == {"b": 3.0}
    assert estimate.measured("cuda") is None
    (tmp_path / "speed.json").write_text(json.dumps([]))
    assert estimate.measured("cpu") is None


def test_a_gpu_has_no_threads_to_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "path", lambda: tmp_path / "speed.json")
    estimate.save({"device": "cuda", "threads": 16, "stages": {key: {"seconds": s} for key, s in STAGES.items()}})
    assert estimate.measured("cuda") == STAGES
    real = Cell("real", REAL, REAL, (), "d", "d", (), "f", 0, Evaluation(), device="cpu")
    trained = Cell("mle", "mle", "mle", (("mle_epochs", 120),), "d", "d", (), "f", 0, Evaluation(), device="cuda")
    words = Vocabulary(tuple(map(str, range(5_000))))
    rows = np.zeros((9_984, 20), dtype=np.int64)
    data = SequenceData(rows, rows, rows, words, Source("f", "0", "MIT", "local"))
    assert expected([real, trained], {"d": Opened(None, data)}) == pytest.approx({real.id: 0.0, trained.id: 240.0})


def test_time_left_prefers_what_was_seen() -> None:
    done = record("mle", 0, {"event": "done", "wall_seconds": 100.0})
    pending, other = record("mle", 1), record("seqgan", 0)
    left = TimeLeft([done, pending, other], {other.cell.id: 40.0, pending.cell.id: 7.0})
    assert left.of(pending) == 100.0
    assert left.of(other) == 40.0
    assert left.total(2) == 70.0


def test_running_cells_have_part_of_it_behind_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_030.0)
    done = record("mle", 0, {"event": "done", "wall_seconds": 100.0})
    running = record("mle", 1, {"event": "start", "time": 1_000.0})
    assert TimeLeft([done, running], {}).of(running) == 70


def test_nothing_known_is_none() -> None:
    assert TimeLeft([record("mle", 0)], {}).total(1) is None


def test_knobs_that_only_share_names_with_seqgans_cost_what_is_known_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimate, "path", lambda: tmp_path / "speed.json")
    facts = {"device": "cpu", "threads": 1, "stages": {key: {"seconds": value} for key, value in STAGES.items()}}
    estimate.save(facts)
    settings = (("adversarial_steps", "many"), ("k", 5), ("mle_epochs", 120), ("rollouts", None))
    rows = np.zeros((9_984, 20), dtype=np.int64)
    words = Vocabulary(tuple(map(str, range(5_000))))
    data = SequenceData(rows, rows[:1], rows[:1], words, Source("f", "", "", "generated"))
    cell = Cell("TopK", "TopK", "TopK", settings, "d", "d", (), data.fingerprint, 0, Evaluation())
    assert expected([cell], {"d": Opened(object(), data)}) == {cell.id: pytest.approx(240)}
