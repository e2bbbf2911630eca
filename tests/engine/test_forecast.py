"""What a plan takes, before it runs."""

from __future__ import annotations

from typing import Any

import pytest

from bench.engine import estimate
from bench.engine.forecast import PROCESS, forecast
from bench.engine.job import Context, run
from bench.planning import plan as planning
from bench.planning import preset
from bench.planning.plan import Plan
from bench.planning.request import Request
from bench.records.journal import read_record, write_cell


@pytest.fixture
def plan(words: str, trainers: Any, context: Context, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr(estimate, "measured", lambda device: None)
    request = Request((trainers("Tiny"), "random-unigram"), (words,), preset.read("smoke"), seeds=3)
    return planning.make(request, context.corpora)


def test_without_any_knowledge_hours_are_unknown(plan: Plan, context: Context) -> None:
    real, tiny, unigram = forecast(plan, context.runs)
    assert (real.label, real.seeds, tiny.seeds, unigram.label) == ("real", (0,), (0, 1, 2), "random-unigram")
    assert tiny.seconds is None and tiny.kept == 0
    assert PROCESS < tiny.memory < 1.1 * PROCESS, "4 words and 150 rows add little"


def test_a_finished_seed_tells_the_time_and_memory_of_the_others(plan: Plan, context: Context) -> None:
    cell = next(cell for cell in plan.cells if cell.label == "Tiny")
    write_cell(cell, context.runs)
    assert run(cell, context) == "done"
    done = read_record(context.runs / cell.id).done
    assert done is not None and done.wall_seconds is not None and done.memory is not None
    assert 2**26 < done.memory < 2**34
    tiny = forecast(plan, context.runs)[1]
    assert (tiny.seeds, tiny.kept, tiny.memory) == ((1, 2), 1, done.memory)
    assert tiny.seconds == pytest.approx(2 * done.wall_seconds)


def test_the_expected_time_of_a_plan_counts(plan: Plan, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.engine.forecast.expected", lambda cells, *_: {cell.id: 60.0 for cell in cells})
    assert [line.seconds for line in forecast(plan, context.runs)] == pytest.approx([60, 180, 180])
