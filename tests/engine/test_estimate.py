"""Times predicted from stage times and knobs, and from cells that ended."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from bench.contracts.cost import Sizes, Stage, Work
from bench.engine import estimate
from bench.engine.estimate import TimeLeft, expected, training_seconds
from bench.planning.cell import REAL, Cell, Evaluation, Knobs
from bench.plugins import loading as plugins
from bench.records.events import Done, Epoch, Event, Start
from bench.records.journal import Record

STAGES = {"a": 1.0, "b": 2.0, "c": 1.5, "d": 10.0, "e": 3.0, "f": 0.5}
OFFICIAL = Sizes(9_984, 20, 5_000)
DONE = Done(scores={}, hypotheses=30, seconds=90.0, wall_seconds=100.0)


def cell_of(label: str, settings: Knobs = (), **changes: Any) -> Cell:
    fields: dict[str, Any] = {"reference": label, "baseline": label, "dataset": "d", "dataset_label": "d"}
    fields |= {"dataset_settings": (), "fingerprint": "f", "seed": 0, "evaluation": Evaluation()}
    return Cell(label=label, settings=settings, **(fields | changes))


def record(label: str, seed: int, *events: Event) -> Record:
    return Record(cell_of(label, seed=seed), Path(), events)


def seconds(arm: str, sizes: Sizes = OFFICIAL, **knobs: Any) -> float | None:
    return training_seconds(plugins.load("bench.baselines", arm).Settings(**knobs), STAGES, sizes, arm)


@pytest.mark.parametrize("arm", ["mle", "mle-temperature", "scheduled-sampling"])
def test_mle_is_its_epochs(arm: str) -> None:
    assert seconds(arm, mle_epochs=120) == pytest.approx(240)


def test_half_the_tokens_cost_half() -> None:
    halves = (OFFICIAL._replace(train=4_992), OFFICIAL._replace(length=10), OFFICIAL._replace(vocabulary=2_500))
    assert [seconds("mle", half, mle_epochs=120) for half in halves] == pytest.approx([120] * 3)


def test_a_round_of_any_reward_has_a_generator_step() -> None:
    knobs = {"adversarial_steps": 10, "mle_epochs": 0}
    assert seconds("constant-reward", **knobs) == seconds("random-reward", **knobs) == pytest.approx(10 * 0.5)
    assert seconds("pg-bleu", rollouts=8, **knobs) == pytest.approx(10 * (0.5 + 3 / 2))
    assert seconds("seqgan", g_steps=3, d_steps=0, discriminator_epochs=0, **knobs) == pytest.approx(10 * 3 * 3.5)


def test_seqgan_by_hand() -> None:
    knobs = {"mle_epochs": 0, "adversarial_steps": 2, "g_steps": 1, "d_steps": 5, "k": 3, "rollouts": 16}
    knobs |= {"discriminator_epochs": 0, "discriminator_updates": 0, "batch": 64, "filters": 1.0}
    epoch = 2 * 9_984 / 20_000 * 10
    by_hand = 2 * (0.5 + 3.0) + 2 * 5 * (3 * epoch + 9_984 / 10_000 * 1.0)
    assert seconds("seqgan", **knobs) == pytest.approx(by_hand)


def test_capped_updates_cost_what_they_show() -> None:
    knobs = {"adversarial_steps": 1, "d_steps": 1, "k": 1, "rollouts": 16, "batch": 64, "filters": 1.0}
    knobs |= {"discriminator_epochs": 0, "discriminator_updates": 40, "mle_epochs": 0}
    by_hand = 3.5 + 40 * 64 / 20_000 * 10 + 1_280 / 10_000
    assert seconds("seqgan", **knobs) == pytest.approx(by_hand)


def test_every_trainer_of_the_shelf_states_its_cost() -> None:
    spent = {arm: seconds(arm) for arm in plugins.names("bench.baselines")}
    assert None not in spent.values()
    assert {arm for arm, time in spent.items() if not time} == {"random-uniform", "random-unigram", "ngram"}


@dataclass(frozen=True)
class Theirs:
    stages: tuple[Stage, ...] = ()

    def cost(self, sizes: Sizes) -> list[Stage]:
        return [*self.stages, Stage("sample", 3 * sizes.train)]


def test_each_kind_of_work_costs_what_was_timed() -> None:
    amounts = {"sample": 10_000, "teacher-forcing": 9_984, "log-prob": 10_000, "discriminator": 20_000}
    amounts |= {"rollout": 64 * 16, "policy-gradient": 64}
    assert set(amounts) == set(get_args(Work)) == set(estimate.UNITS)
    for (work, sequences), spent in zip(amounts.items(), (1.0, 2.0, 1.5, 10.0, 3.0, 0.5), strict=True):
        stage: Any = Stage(work, 2 * sequences)  # type: ignore[arg-type]
        assert training_seconds(Theirs((stage,)), STAGES, Sizes(0, 20, 5_000), "x") == pytest.approx(2 * spent)


def test_a_knob_called_cost_is_no_cost() -> None:
    assert training_seconds(SimpleNamespace(cost=1.0), STAGES, OFFICIAL, "x") is None


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
    real = cell_of(REAL)
    trained = cell_of("mle", (("mle_epochs", 120),), device="cuda")
    assert expected([real, trained], {"d": OFFICIAL}) == pytest.approx({real.id: 0.0, trained.id: 240.0})


def test_time_left_prefers_what_was_seen() -> None:
    done = record("mle", 0, DONE)
    pending, other = record("mle", 1), record("seqgan", 0)
    left = TimeLeft([done, pending, other], {other.cell.id: 40.0, pending.cell.id: 7.0})
    assert left.of(pending) == 100.0
    assert left.of(other) == 40.0
    assert left.total(2) == 100.0 and left.total(1) == 140.0


def test_running_cells_have_part_of_it_behind_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_030.0)
    done = record("mle", 0, DONE)
    running = record("mle", 1, Start(source={}, notes=(), time=1_000.0))
    assert TimeLeft([done, running], {}).of(running) == 70


def test_nothing_known_is_none() -> None:
    assert TimeLeft([record("mle", 0)], {}).total(1) is None


def test_a_third_partys_trainer_is_predicted_by_the_cost_that_it_states(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trainers: Any
) -> None:
    """Its knobs may have any names. A trainer that states no cost is not predicted."""
    monkeypatch.setattr(estimate, "path", lambda: tmp_path / "speed.json")
    estimate.save({"device": "cpu", "threads": 1, "stages": {key: {"seconds": s} for key, s in STAGES.items()}})
    file = Path(trainers("Tiny").rpartition(":")[0])
    knobs = "    mle_epochs: str = 'many'\n    k: int = 5\n"
    cost = "    def cost(self, sizes): return [Stage('teacher-forcing', 40 * self.epochs * sizes.train)]\n"
    text = "from bench.contracts.cost import Stage\n" + file.read_text()
    file.with_name("priced.py").write_text(text.replace('"of descent")\n', f'"of descent")\n{knobs}\n{cost}'))
    settings = (("epochs", 3), ("k", 5), ("mle_epochs", "many"))
    made = [("free", f"{file}:Tiny", ()), ("priced", f"{file.with_name('priced.py')}:Tiny", settings)]
    cells = [cell_of(n, s, reference=r, baseline="Tiny") for n, r, s in made]
    assert expected(cells, {"d": OFFICIAL}) == {cells[1].id: pytest.approx(240)}


def test_what_was_expected_is_corrected_by_what_ended() -> None:
    records = [record("mle", 0, DONE), record("seqgan", 0)]
    left = TimeLeft(records, {records[0].cell.id: 50.0, records[1].cell.id: 200.0})
    assert left.of(records[1]) == pytest.approx(2 * 200), "mle took twice as long as expected"


def test_a_running_cell_takes_at_least_the_epochs_of_its_phase() -> None:
    epoch = Epoch(phase="mle", epoch=2, epochs=10, seconds=30.0, values={})
    begun = Start(time=time.time() - 99, source={}, notes=())
    running = record("mle", 1, begun, epoch)
    assert TimeLeft([running], {}).of(running) == pytest.approx(240)
    assert TimeLeft([record("mle", 0, DONE), running], {}).of(running) == pytest.approx(240)


def test_no_job_shares_a_cell() -> None:
    records = [record("mle", 0, DONE), record("mle", 1)]
    assert TimeLeft(records, {}).total(8) == pytest.approx(100)
