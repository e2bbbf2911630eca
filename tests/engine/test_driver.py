"""A run cut at any epoch ends with the same bits as an uncut one, and is judged by its rule."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.contracts.errors import ContractError
from bench.contracts.knobs import build
from bench.contracts.seeding import torch_rng
from bench.engine.driver import Driver, Interrupted
from bench.engine.job import Context
from bench.judging.evaluator import Evaluator
from bench.planning.cell import Cell
from bench.plugins import loading as plugins
from bench.records import checkpoint
from bench.records.events import Epoch, Judged, Refused
from bench.records.journal import Journal, Record, read_record

EPOCHS = 8  # 3 of mle, 2 of critic, 3 of tune


class After:
    """Says stop when asked for the n-th time, and every time after."""

    def __init__(self, count: int) -> None:
        self.left = count

    def __call__(self) -> bool:
        self.left -= 1
        return self.left <= 0


def never() -> bool:
    return False


@pytest.fixture
def drive(context: Context, make_cell: Callable[..., Cell]) -> Callable[..., tuple[Any, Record]]:
    """Train a cell with a new trainer, as a new process would, from the checkpoint if there is one."""

    def drive(cell: Cell, stop: Callable[[], bool] = never, every: float = 1e9) -> tuple[Any, Record]:
        dataset_class = plugins.load("bench.datasets", cell.dataset)
        dataset = dataset_class(build(dataset_class.Settings, dict(cell.dataset_settings), ""), context.corpora)
        data = dataset.load()
        cls = plugins.load("bench.baselines", cell.reference)
        rng = torch_rng(cell.seed_for("train"))
        trainer = cls(data, build(cls.Settings, dict(cell.settings), ""), torch.device("cpu"), rng)
        folder = context.runs / cell.id
        evaluator = Evaluator(data, dataset.metrics(data), cell.evaluation.rule)
        try:
            Driver(cell, trainer, evaluator, Journal(folder), rng, stop, every).run()
        except Interrupted:
            return None, read_record(folder)
        return trainer, read_record(folder)

    return drive


def weights(trainer: Any) -> bytes:
    return bytes(trainer.generator.logits.detach().numpy().tobytes())


def points(record: Record) -> list[tuple[int, Any]]:
    return [(point.x, point.scores) for point in record.curve]


def fresh(cell: Cell, context: Context) -> None:
    """Remove everything but the cell."""
    shutil.rmtree(context.runs / cell.id / "checkpoint", ignore_errors=True)
    (context.runs / cell.id / "journal.jsonl").unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("Tiny", "last"),
        ("Tiny", "best-valid"),
        ("Tiny", "best-oracle"),
        ("Replaces", "best-valid"),
        ("Spoils", "best-valid"),
        ("Spoils", "best-oracle"),
    ],
)
def test_a_run_cut_at_any_epoch_ends_on_the_same_bits(
    drive: Any, make_cell: Any, context: Context, name: str, rule: str
) -> None:
    cell = make_cell(name, evaluation__rule=rule, evaluation__curve_every=2)
    straight, record = drive(cell)
    curve, phases = points(record), [replace(phase, time=0.0) for phase in record.phases]
    place = judged(record)
    assert [x for x, _ in curve] == [0, 2, 3, 4, 6] and place[0] == "tune"
    for cut in range(1, EPOCHS + 1):
        fresh(cell, context)
        assert drive(cell, After(cut))[0] is None
        resumed, record = drive(cell)
        assert weights(resumed) == weights(straight), f"cut after epoch {cut}"
        assert points(record) == curve and [replace(phase, time=0.0) for phase in record.phases] == phases
        assert judged(record) == place
        epochs = [(epoch.phase, epoch.epoch) for epoch in record.all(Epoch)]
        assert len(epochs) == len(set(epochs)) == EPOCHS, "no epoch is trained twice"


def test_a_run_cut_at_every_epoch_ends_on_the_same_bits(drive: Any, make_cell: Any, context: Context) -> None:
    cell = make_cell(evaluation__rule="best-oracle")
    straight, record = drive(cell)
    curve = points(record)
    fresh(cell, context)
    for _ in range(EPOCHS):
        assert drive(cell, After(1))[0] is None
    resumed, record = drive(cell, After(1))
    assert weights(resumed) == weights(straight) and points(record) == curve


def test_a_killed_run_goes_on_from_the_last_checkpoint(drive: Any, make_cell: Any, context: Context) -> None:
    cell = make_cell(evaluation__rule="best-oracle")
    straight, record = drive(cell)
    curve = points(record)
    fresh(cell, context)
    drive(cell, After(3))
    kept = context.runs / cell.id / "checkpoint"
    at_three = kept.parent / "at three"
    shutil.copytree(kept, at_three, ignore=shutil.ignore_patterns("best"))
    drive(cell, After(3))  # the journal and the best checkpoint are now three epochs ahead of the last checkpoint
    for number in kept.glob("[0-9]*"):
        shutil.rmtree(number)
    shutil.copytree(at_three, kept, dirs_exist_ok=True)
    resumed, record = drive(cell)
    assert weights(resumed) == weights(straight) and points(record) == curve


def test_checkpoints_are_written_while_training(drive: Any, make_cell: Any, context: Context) -> None:
    cell = make_cell()
    plain, _ = drive(cell)
    assert not list((context.runs / cell.id / "checkpoint").glob("*"))
    fresh(cell, context)
    often, _ = drive(cell, every=-1.0)
    kept = {path.name for path in (context.runs / cell.id / "checkpoint").glob("*")}
    assert kept == {str(EPOCHS - 2), str(EPOCHS - 1)}
    assert weights(often) == weights(plain)


def test_training_is_the_same_with_and_without_curves(drive: Any, make_cell: Any) -> None:
    with_curve, _ = drive(make_cell(evaluation__curve_every=1))
    without, record = drive(make_cell(evaluation__curve_every=100))
    assert weights(with_curve) == weights(without)
    assert [x for x, _ in points(record)] == [0, 3, 6], "a point where each phase begins or ends, whatever the interval"


def test_the_journal_tells_phases_in_generator_epochs(drive: Any, make_cell: Any) -> None:
    _, record = drive(make_cell())
    told = [(p.name, p.begins, p.ends, p.epochs, p.trains_generator) for p in record.phases]
    assert told == [("mle", 0, 3, 3, True), ("critic", 3, 3, 2, False), ("tune", 3, 6, 3, True)]
    assert [x for x, _ in points(record)] == [0, 1, 2, 3, 4, 5, 6]
    losses = [epoch.values["loss"] for epoch in record.all(Epoch)]
    assert len(losses) == EPOCHS and losses[0] == pytest.approx(math.log(4)), "a float, though step() gave a tensor"


def test_no_epochs_leave_only_the_curves_beginning(drive: Any, make_cell: Any) -> None:
    trainer, record = drive(make_cell(Tiny__epochs=0))
    assert {x for x, _ in points(record)} == {0} and trainer.seen.value == 2


def judged(record: Record) -> tuple[str, int, int]:
    found = record.last(Judged)
    assert found is not None
    return found.phase, found.epoch, found.epochs


@pytest.mark.parametrize("rule", ["best-valid", "best-oracle"])
def test_the_best_checkpoint_is_one_of_the_last_phase(drive: Any, make_cell: Any, context: Context, rule: str) -> None:
    cell = make_cell("Spoils", evaluation__rule=rule)
    kept, record = drive(cell)
    curve = dict(points(record))
    assert max(curve, key=lambda x: curve[x]["ones"]) == min(curve, key=lambda x: curve[x]["nll_test"]) == 3
    assert judged(record) == ("tune", 2, 3) and weights(kept) == weights(at(5, 0, drive, make_cell, context, "Spoils"))


def test_a_last_phase_without_epochs_is_passed_over(
    drive: Any, make_cell: Any, trainers: Any, context: Context
) -> None:
    path = Path(trainers("Tiny").rpartition(":")[0])
    path.write_text(path.read_text().replace('Phase("tune", epochs', 'Phase("tune", 0'))
    kept, record = drive(make_cell("Spoils", evaluation__rule="best-valid"))
    assert judged(record) == ("mle", 3, 3) and {x for x, _ in points(record)} == {0, 1, 2, 3}
    assert weights(kept) == weights(at(3, 0, drive, make_cell, context, "Spoils"))


@pytest.mark.parametrize("rule", ["last", "best-valid", "best-oracle"])
def test_what_is_never_trained_is_judged_as_it_stands(drive: Any, make_cell: Any, rule: str) -> None:
    trainer, record = drive(make_cell(Tiny__epochs=0, evaluation__rule=rule))
    assert record.last(Judged) is None and not trainer.generator.logits.any()


def test_the_last_checkpoint_is_named_too(drive: Any, make_cell: Any) -> None:
    assert judged(drive(make_cell("Spoils"))[1]) == ("tune", 3, 3)


@pytest.mark.parametrize("name", ["weights.safetensors", "position.json"])
def test_training_starts_anew_without_the_best_checkpoint(
    drive: Any, make_cell: Any, context: Context, name: str
) -> None:
    cell = make_cell("Spoils", evaluation__rule="best-valid")
    straight, _ = drive(cell)
    fresh(cell, context)
    drive(cell, After(EPOCHS - 1))
    for file in (context.runs / cell.id / "checkpoint" / "best").glob(f"*/{name}"):
        file.write_bytes(file.read_bytes().replace(b'"phase": 2', b'"phase": 0') + b"?")
    resumed, record = drive(cell)
    assert weights(resumed) == weights(straight)
    assert refusals(record) == [
        "checkpoint 0 is refused: the best checkpoint before it is damaged or missing; training starts anew"
    ]


def test_a_best_checkpoint_that_is_damaged_at_the_end_is_told(drive: Any, make_cell: Any, context: Context) -> None:
    cell = make_cell("Spoils", evaluation__rule="best-valid")
    best = context.runs / cell.id / "checkpoint" / "best"

    def harm() -> bool:
        for file in best.glob("*/state.pt"):
            file.write_bytes(b"?")
        return False

    with pytest.raises(ContractError, match="the best checkpoint was damaged while the cell ran: run again"):
        drive(cell, harm)


def refusals(record: Record) -> list[str]:
    return [event.message for event in record.all(Refused)]


def stray(cell: Cell, context: Context) -> list[Path]:
    """Return the folders of the cell's checkpoints, the oldest first."""
    folders = (context.runs / cell.id / "checkpoint").glob("[0-9]*")
    return sorted(folders, key=lambda path: int(path.name))


def test_another_seeds_checkpoint_changes_no_number(drive: Any, make_cell: Any, context: Context) -> None:
    one, other = make_cell(seed=0), make_cell(seed=1)
    straight, _ = drive(one)
    fresh(one, context)
    drive(other, After(4))
    shutil.copytree(context.runs / other.id / "checkpoint", context.runs / one.id / "checkpoint")
    resumed, record = drive(one)
    assert weights(resumed) == weights(straight)
    assert refusals(record) == [f"checkpoint 0 is refused: its cell is {other.id}, not {one.id}; training starts anew"]


@pytest.mark.parametrize("edit", ['"epoch": 1', '"epoch": 9', '"phase": 0', '"seconds": "x"'])
def test_an_edited_position_changes_no_number(drive: Any, make_cell: Any, context: Context, edit: str) -> None:
    cell = make_cell()
    straight, _ = drive(cell)
    fresh(cell, context)
    drive(cell, After(5), every=-1.0)
    newest = stray(cell, context)[-1] / "position.json"
    text = newest.read_text()
    edited = re.sub(rf"{edit.split(':')[0]}: [^,}}]+", edit, text)
    assert edited != text
    newest.write_text(edited)
    resumed, record = drive(cell)
    assert weights(resumed) == weights(straight)
    (line,) = refusals(record)
    assert "its position.json was changed" in line and line.endswith("; an older checkpoint is taken")


def test_best_valid_keeps_the_generator_with_the_lowest_nll_of_valid(
    drive: Any, make_cell: Any, context: Context
) -> None:
    rows = torch.from_numpy(data(context, make_cell()).valid)
    for seed in range(3):
        kept, record = drive(make_cell(seed=seed, evaluation__rule="best-valid"))
        models = {x: at(x, seed, drive, make_cell, context) for x in (4, 5, 6)}
        x = min(models, key=lambda x: -float(models[x].generator.log_prob(rows).mean()))
        assert judged(record) == ("tune", x - 3, 3) and weights(kept) == weights(models[x])


def at(x: int, seed: int, drive: Any, make_cell: Any, context: Context, name: str = "Tiny") -> Any:
    """Return the trainer after x generator epochs, from a run cut there."""
    cell = make_cell(name, seed=seed)
    fresh(cell, context)
    drive(cell, After(x if x <= 3 else x + 2))
    cls = plugins.load("bench.baselines", cell.reference)
    rng = torch_rng("at")
    trainer = cls(data(context, cell), build(cls.Settings, dict(cell.settings), ""), torch.device("cpu"), rng)
    place = checkpoint.Place(context.runs / cell.id / "checkpoint", cell.id)
    assert checkpoint.load(place, trainer.state(), rng).position is not None
    return trainer


def data(context: Context, cell: Cell) -> Any:
    cls = plugins.load("bench.datasets", cell.dataset)
    return cls(build(cls.Settings, dict(cell.dataset_settings), ""), context.corpora).load()


def test_divergence_names_the_phase_and_the_epoch(drive: Any, make_cell: Any) -> None:
    with pytest.raises(ContractError, match="training diverged: loss is nan in tune epoch 2"):
        drive(make_cell("Diverges"))


@pytest.mark.parametrize(
    ("rule", "before", "after", "message"),
    [
        ("best-valid", "def log_prob", "def no_log_prob", "best-valid needs a generator with log_prob"),
        ("last", 'return {"loss": loss}', "return None", r"step\(\) of mle returned None"),
        ("last", 'return {"loss": loss}', 'return {"loss": "low"}', r"step\(\) of mle returned .*'low'"),
        ("last", 'return {"loss": loss}', 'return {"": loss}', r"step\(\) of mle calls a number ''"),
        ("last", 'return {"loss": loss}', "return {1: loss}", r"step\(\) of mle calls a number 1"),
        ("last", 'Phase("critic",', "Phase(1,", "a phase is called 1: give it a name with a letter in it"),
        ("last", 'Phase("critic",', 'Phase("..",', r"a phase is called '\.\.': give it a name"),
        ("last", 'Phase("critic", 2', 'Phase("critic", -1', "phase critic: epochs = -1, not a whole number"),
        ("last", 'Phase("critic",', 'Phase("mle",', "two phases have the same name"),
        (
            "last",
            'Phase("critic", 2, self.critic, trains_generator=False)',
            '("critic", 2, self.critic)',
            r"phases\(\) returned \('critic', .* among others, not a Phase",
        ),
        ("last", '"seen": self.seen', '"seen": 3', r"state\(\) part 'seen' is 3: it lacks state_dict"),
    ],
)
def test_what_the_driver_cannot_use_is_said(
    drive: Any, make_cell: Any, trainers: Any, rule: str, before: str, after: str, message: str
) -> None:
    path = Path(trainers("Tiny").rpartition(":")[0])
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))
    with pytest.raises(ContractError, match=message):
        drive(make_cell(evaluation__rule=rule))


def test_what_a_checkpoint_cannot_hold_is_said_before_the_first_epoch(
    drive: Any, make_cell: Any, trainers: Any, context: Context
) -> None:
    path = Path(trainers("Tiny").rpartition(":")[0])
    path.write_text(path.read_text().replace('"steps": self.steps}', '"steps": self.velocity.numpy()}'))
    cell = make_cell()
    with pytest.raises(
        ContractError, match=r"state\(\) part 'momentum': 'steps' is a numpy\.ndarray; a checkpoint holds"
    ):
        drive(cell)
    assert not read_record(context.runs / cell.id).events


def test_phases_may_be_yielded(drive: Any, make_cell: Any, trainers: Any) -> None:
    path = Path(trainers("Tiny").rpartition(":")[0])
    path.write_text(path.read_text().replace("return [\n            Phase", "yield from [\n            Phase"))
    assert len(drive(make_cell())[1].phases) == 3
