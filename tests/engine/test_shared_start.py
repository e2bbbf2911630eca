"""Arms of one seed share their start: the same bits alone, in company, killed and resumed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from bench.contracts.errors import ContractError
from bench.contracts.guards.trainer import checked_phases
from bench.contracts.trainer import Phase, Start
from bench.engine import job
from bench.engine.job import Context
from bench.engine.shared_start import FOLDER
from bench.planning import plan as planning
from bench.planning.cell import Cell, Evaluation
from bench.planning.preset import Preset, RunSettings
from bench.planning.request import Request
from bench.records.events import Curve, Epoch, PhaseStart, SharedStart
from bench.records.journal import Record, read_record, write_cell
from bench.toolkit.corpora.fetch import Corpora

SHELF = Path(__file__).parents[1] / "shelf"
SMALL = {
    "mle_epochs": 3,
    "adversarial_steps": 2,
    "embedding": 4,
    "hidden": 4,
    "discriminator_epochs": 1,
    "filters": 0.02,
}
JUDGED = Evaluation(samples=30, curve_samples=30, curve_every=1)


@pytest.fixture
def cells(words: str, tmp_path: Path, corpora: Corpora) -> Callable[..., list[Cell]]:
    """Plan cells of arms on the tiny dataset, one seed each; keywords are knobs of all arms and of the evaluation."""
    shutil.copy(SHELF / "from_the_start.py", tmp_path)

    def cells(*arms: str, seed: int = 0, **knobs: Any) -> list[Cell]:
        named = [f"{tmp_path}/from_the_start.py:{arm}" if arm[0].isupper() else arm for arm in arms]
        judged = replace(JUDGED, **{name: knobs.pop(name) for name in ("rule", "curve_every") if name in knobs})
        small = Preset("small", RunSettings(), judged, defaults=SMALL | knobs)
        request = Request(tuple(named), (words,), small, (), seeds=seed + 1)
        return [cell for cell in planning.make(request, corpora).cells if cell.seed == seed and cell.label != "real"]

    return cells


def do(cells: Sequence[Cell], context: Context) -> list[Record]:
    """Run the cells in this process, in order."""
    for cell in cells:
        write_cell(cell, context.runs)
        assert job.run(cell, context) == "done", read_record(context.runs / cell.id).events[-1]
    return [read_record(context.runs / cell.id) for cell in cells]


def elsewhere(context: Context, name: str) -> Context:
    """Return the context with a runs folder of its own."""
    return Context(context.runs.with_name(name), context.corpora, context.stop)


def numbers(record: Record) -> list[Any]:
    """Return all that a cell's numbers are: weights, samples, and its journal but for the times."""
    weights = {name: value.tolist() for name, value in load_file(record.folder / "generator.safetensors").items()}
    epochs = [(event.phase, event.epoch, event.values) for event in record.all(Epoch)]
    curve = [(point.x, point.phase, point.scores) for point in record.all(Curve)]
    phases = [(event.name, event.begins, event.ends) for event in record.all(PhaseStart)]
    return [weights, (record.folder / "samples.txt").read_text(), epochs, sorted(curve), phases, record.scores]


def of_start(record: Record) -> SharedStart:
    found = record.last(SharedStart)
    assert found is not None
    return found


def test_an_arm_gets_the_same_bits_alone_and_in_company(cells: Any, context: Context) -> None:
    arms = cells("mle", "random-reward", "seqgan", "Even")
    together = do(arms, context)
    assert [of_start(record).found for record in together] == [False, True, True, True]
    assert len({of_start(record).key for record in together}) == 1
    for cell, record in zip(arms, together, strict=True):
        (alone,) = do([cell], elsewhere(context, f"alone {cell.id}"))
        assert not of_start(alone).found
        assert numbers(alone) == numbers(record)
    assert numbers(together[0])[0] != numbers(together[1])[0]  # the rounds did move the weights


def test_arms_differ_only_after_their_start(cells: Any, context: Context) -> None:
    one, two = do(cells("mle", "constant-reward"), context)
    first = [[(e.epoch, e.values) for e in record.all(Epoch) if e.phase == "mle"] for record in (one, two)]
    assert first[0] == first[1] and len(first[0]) == 3
    assert {e.phase for e in two.all(Epoch)} == {"mle", "adversarial"}


def test_other_seeds_knobs_and_machines_have_other_starts(cells: Any, context: Context) -> None:
    asked = [
        *cells("mle"),
        *cells("mle", seed=1),
        *cells("mle", rate=0.02),
        *cells("mle", mle_epochs=2),
        *cells("mle", curve_every=2),
    ]
    records = do(asked, context)
    assert len({of_start(record).key for record in records}) == len(asked)
    assert not any(of_start(record).found for record in records)
    shorter = [event.values for event in records[3].all(Epoch)]
    assert shorter == [event.values for event in records[0].all(Epoch)][:2]  # knobs do not change the random numbers


def test_an_own_start_is_trained_alone(cells: Any, context: Context) -> None:
    shared, own = do(cells("mle"), context), do(cells("mle", "random-reward", own_start=True), context)
    assert all(record.last(SharedStart) is None for record in own)
    losses = {tuple(e.values["loss"] for e in record.all(Epoch) if e.phase == "mle") for record in [*shared, *own]}
    assert len(losses) == 3


class StopAfter:
    """Stands for the stop file: it appears after the n-th epoch."""

    def __init__(self, epochs: int) -> None:
        self.left = epochs + 1  # it is asked once before the cell begins

    def exists(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("epochs", [1, 2, 3, 4])
def test_stopped_and_resumed_it_ends_on_the_same_bits(cells: Any, context: Context, epochs: int) -> None:
    (cell,) = cells("random-reward")
    (straight,) = do([cell], context)
    again = elsewhere(context, "again")
    write_cell(cell, again.runs)
    assert job.run(cell, replace(again, stop=StopAfter(epochs))) == "interrupted"
    (resumed,) = do([cell], again)
    weights, samples, *_, scores = numbers(resumed)
    assert [weights, samples, scores] == [*numbers(straight)[:2], straight.scores]
    assert {e.epoch: e.values for e in resumed.all(Epoch)} == {e.epoch: e.values for e in straight.all(Epoch)}
    (later,) = do(cells("mle"), again)
    assert of_start(later).found
    assert numbers(later) == numbers(*do(cells("mle"), elsewhere(context, "later")))


def test_a_damaged_start_is_trained_again(cells: Any, context: Context) -> None:
    (record,) = do(cells("mle"), context)
    before = numbers(record)
    (kept,) = (context.runs / FOLDER).glob("*/*/weights.safetensors")
    kept.write_bytes(kept.read_bytes()[:-1] + b"?")
    (second,) = do(cells("random-reward"), context)
    assert not of_start(second).found
    shutil.rmtree(record.folder)
    (third,) = do(cells("mle"), context)
    assert of_start(third).found and numbers(third) == before


def test_a_start_chosen_by_a_rule_is_trained_by_its_own_arm(cells: Any, context: Context) -> None:
    first, second, third = do(cells("random-reward", "mle", "constant-reward", rule="best-valid"), context)
    assert [of_start(record).found for record in (first, second, third)] == [False, False, True]
    best = [event.epoch for event in second.events if type(event).__name__ == "Judged"]
    assert best and best[0] <= 3


def test_a_tempered_generator_shares_the_start_and_takes_its_own_curve_from_it(cells: Any, context: Context) -> None:
    arms = cells("mle", "mle-temperature", "random-reward")
    together = do(arms, context)
    plain, tempered, _ = together
    assert [of_start(record).found for record in together] == [False, True, True]
    assert numbers(plain)[0] == numbers(tempered)[0]
    assert [point.x for point in tempered.curve] == [0, 1, 2, 3]
    assert [point.scores for point in plain.curve] != [point.scores for point in tempered.curve]
    first = elsewhere(context, "tempered first")
    reversed_ = do([arms[1], arms[0], arms[2]], first)  # the start is kept by the arm that does not show it
    assert [of_start(record).found for record in reversed_] == [False, True, True]
    assert [numbers(reversed_[at]) for at in (1, 0, 2)] == [numbers(record) for record in together]


@pytest.mark.parametrize("point", [0, 2, 3])
def test_a_damaged_point_of_the_curve_is_trained_again(cells: Any, context: Context, point: int) -> None:
    one, two = cells("mle", "mle-temperature")
    do([one], context)
    (kept,) = (context.runs / FOLDER).glob(f"*/curve/{point}/*/weights.safetensors")
    kept.write_bytes(kept.read_bytes()[:-1] + b"?")
    (record,) = do([two], context)
    assert not of_start(record).found
    (alone,) = do([two], elsewhere(context, "alone"))
    assert numbers(record) == numbers(alone)
    (later,) = do([one], elsewhere(context, "later"))
    shutil.rmtree(context.runs / one.id)
    (again,) = do([one], context)
    assert of_start(again).found and numbers(again) == numbers(later)


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_tempered_generator_that_was_stopped_keeps_all_points(cells: Any, context: Context, epochs: int) -> None:
    plain, tempered = cells("mle", "mle-temperature")
    write_cell(plain, context.runs)
    assert job.run(plain, replace(context, stop=StopAfter(epochs))) == "interrupted"
    _, record = do([plain, tempered], context)
    assert of_start(record).found
    (alone,) = do([tempered], elsewhere(context, "alone"))
    assert numbers(record) == numbers(alone)


def test_a_third_partys_code_is_part_of_its_own_start_only(cells: Any, context: Context, tmp_path: Path) -> None:
    before = do(cells("Own", "Even"), context)
    assert not of_start(before[0]).found
    path = tmp_path / "from_the_start.py"
    path.write_text(path.read_text() + "\n# edited\n")
    after = do(cells("Own", "Even"), context)
    own, even = zip(before, after, strict=True)
    assert of_start(own[0]).key != of_start(own[1]).key and not of_start(own[1]).found
    assert of_start(even[0]).key == of_start(even[1]).key and of_start(even[1]).found
    assert numbers(own[0])[0] == numbers(own[1])[0]


class Part:
    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any], /) -> None: ...


@pytest.mark.parametrize(
    ("phases", "told"),
    [
        ([Phase("a", 1, dict), Phase("b", 1, dict, start=Start({}, {}, print))], "only the first phase"),
        ([Phase("a", 1, dict, start="mle")], "not Start"),  # type: ignore[arg-type]
        ([Phase("a", 1, dict, start=Start({}, {}, None))], "not Start"),  # type: ignore[arg-type]
        ([Phase("a", 1, dict, start=Start({}, {"part": 3}, print))], "lacks state_dict"),  # type: ignore[dict-item]
        ([Phase("a", 1, dict, start=Start({"k": {1}}, {"part": Part()}, print))], "knobs of its start"),
    ],
)
def test_a_start_that_breaks_its_contract_is_refused(phases: list[Phase], told: str) -> None:
    with pytest.raises(ContractError, match=told):
        checked_phases(phases)
